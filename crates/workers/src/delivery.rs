//! Deliveries: that one event is to reach one endpoint, and what became of it.
//!
//! Invariants: there is at most one delivery of an event to an endpoint, since its id is made of theirs. While it is pending
//! it is either due at a moment or waiting for room in its endpoint's lane, and otherwise neither. A process that takes a
//! delivery moves `due` beyond the time that sending takes: when the process dies, the delivery comes due again by itself.
//! What waits for room costs nothing while it waits, however much of it there is: it is found by its endpoint.

use kernel::{DAY, HOUR, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Column, Document, Kind, Value};

/// How long whoever takes a delivery keeps others off it, in seconds of the world.
pub(crate) const LEASE: i64 = 30;

/// Seconds from one attempt to the next in a sandbox: three retries over some hours.
const SANDBOX_DELAYS: &[i64] = &[5 * 60, 30 * 60, 2 * HOUR];
/// The same in a live world: up to three days.
const LIVE_DELAYS: &[i64] =
    &[60, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, 10 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR, 6 * HOUR];
/// A delivery that never had its turn, because its endpoint takes less than it is sent, is given up after this.
const OLDEST: i64 = 3 * DAY;
/// The longest text of an error that is kept.
const LONGEST_ERROR: usize = 300;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    /// To be sent, or sent again, at `due`.
    Pending,
    /// The endpoint answered 2xx.
    Succeeded,
    /// Given up.
    Failed,
}

impl DeliveryStatus {
    /// As in the column.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            DeliveryStatus::Pending => "pending",
            DeliveryStatus::Succeeded => "succeeded",
            DeliveryStatus::Failed => "failed",
        }
    }
}

/// One event on its way to one endpoint. It belongs to the account whose event it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Delivery {
    /// `whd_` and the bodies of the ids of the event and the endpoint.
    pub id: String,
    /// `webhook_delivery`.
    pub object: String,
    /// The event.
    pub event: String,
    /// The endpoint.
    pub endpoint: String,
    /// Whether the endpoint hears of it as a platform, on behalf of a connected account.
    #[serde(default, skip_serializing_if = "is_false")]
    pub connect: bool,
    /// Where it stands.
    pub status: DeliveryStatus,
    /// How often it was sent.
    pub attempts: u32,
    /// When the event was made.
    pub created: Timestamp,
    /// Whether it waits until its endpoint has taken what was sent before.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waiting: bool,
    /// When it is to be sent, while it is pending and not waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// When it was last sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<Timestamp>,
    /// The HTTP status that was last answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_status: Option<u16>,
    /// What went wrong last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Document for Delivery {
    const KIND: &'static Kind = &Kind::new::<Delivery>(
        "webhook_delivery",
        "delivery",
        &["whd"],
        &[
            Column::text("event"),
            Column::text("endpoint").unindexed(),
            Column::text("status").unindexed(),
            Column::int("due"),
            Column::text("waiting"),
        ],
    );
    type Private = ();
    fn id(&self) -> &str {
        &self.id
    }
    fn created(&self) -> Timestamp {
        self.created
    }
    fn columns(&self, (): &()) -> Vec<Value> {
        let waiting = self.waiting.then_some(&self.endpoint);
        let status = self.status.as_str().into();
        vec![(&self.event).into(), (&self.endpoint).into(), status, self.due.into(), waiting.into()]
    }
}

/// What one attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The HTTP status, when there was an answer.
    pub status: Option<u16>,
    /// What went wrong, when it did.
    pub error: Option<String>,
    /// When it was sent, in the world's time.
    pub at: Timestamp,
}

/// The id of the only delivery of an event to an endpoint. It begins with the event's time, so that deliveries append.
pub(crate) fn delivery_id(event: &str, endpoint: &str) -> String {
    let body = |id: &str| id.split_once('_').map_or(id, |(_, body)| body).to_owned();
    format!("whd_{}_{}", body(event), body(endpoint))
}

impl Delivery {
    /// A delivery that comes due at `due`.
    pub(crate) fn new(event: &str, created: Timestamp, endpoint: &str, connect: bool, due: Timestamp) -> Delivery {
        Delivery {
            id: delivery_id(event, endpoint),
            object: "webhook_delivery".into(),
            event: event.to_owned(),
            endpoint: endpoint.to_owned(),
            connect,
            status: DeliveryStatus::Pending,
            attempts: 0,
            waiting: false,
            created,
            due: Some(due),
            last_attempt: None,
            last_status: None,
            last_error: None,
        }
    }

    /// Whether it is to be sent at `now`.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.status == DeliveryStatus::Pending && self.due.is_some_and(|due| due <= now)
    }

    /// Whether it never had its turn for so long that it is not worth sending any more.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        self.created.plus(OLDEST) < now
    }

    /// Keeps others off it while it is being sent.
    pub(crate) fn lease(&mut self, now: Timestamp) {
        self.waiting = false;
        self.due = Some(now.plus(LEASE));
    }

    /// Waits until its endpoint has taken what was sent before.
    pub(crate) fn wait(&mut self) {
        self.waiting = true;
        self.due = None;
    }

    /// Gives it up.
    pub(crate) fn give_up(&mut self, reason: &str) {
        self.status = DeliveryStatus::Failed;
        self.waiting = false;
        self.due = None;
        self.last_error = Some(reason.to_owned());
    }

    /// Starts over: somebody asked for it to be sent again.
    pub(crate) fn resend(&mut self, now: Timestamp) {
        self.status = DeliveryStatus::Pending;
        self.attempts = 0;
        self.waiting = false;
        self.due = Some(now);
    }

    /// Notes an attempt: done, or due again by the schedule, or given up at its end.
    ///
    /// `jitter` is from 0 to 99: a retry comes up to a tenth earlier than the schedule says, so that the deliveries of a
    /// moment do not all come back in one moment, and moving a sandbox's clock by the schedule is enough.
    pub(crate) fn note(&mut self, attempt: Attempt, livemode: bool, jitter: u64) {
        let delays = if livemode { LIVE_DELAYS } else { SANDBOX_DELAYS };
        let succeeded = attempt.status.is_some_and(|status| (200..300).contains(&status));
        self.last_attempt = Some(attempt.at);
        self.last_status = attempt.status;
        self.last_error = attempt.error.map(|error| error.chars().take(LONGEST_ERROR).collect());
        let delay = delays.get(usize::try_from(self.attempts).unwrap_or(usize::MAX));
        self.attempts = self.attempts.saturating_add(1);
        self.waiting = false;
        self.due = None;
        if succeeded {
            self.status = DeliveryStatus::Succeeded;
        } else if let Some(delay) = delay {
            let earlier = delay * i64::try_from(jitter.min(99)).unwrap_or(0) / 1_000;
            self.due = Some(attempt.at.plus(delay - earlier));
        } else {
            self.status = DeliveryStatus::Failed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, at: i64) -> Attempt {
        Attempt { status: Some(status), error: None, at: Timestamp(at) }
    }

    fn delivery() -> Delivery {
        Delivery::new("evt_1", Timestamp(0), "we_1", false, Timestamp(0))
    }

    #[test]
    fn a_sandbox_tries_four_times_over_some_hours() {
        let mut delivery = delivery();
        let mut dues = Vec::new();
        while let Some(due) = delivery.due {
            dues.push(due.0);
            delivery.note(answered(500, due.0), false, 0);
        }
        assert_eq!(dues, [0, 300, 2_100, 9_300]);
        assert_eq!(delivery.status, DeliveryStatus::Failed);
    }

    #[test]
    fn a_live_world_tries_for_up_to_three_days() {
        let mut delivery = delivery();
        let mut last = 0;
        while let Some(due) = delivery.due {
            last = due.0;
            delivery.note(answered(500, due.0), true, 0);
        }
        assert!((2 * DAY..=3 * DAY).contains(&last), "{last}");
    }

    #[test]
    fn jitter_comes_earlier_never_later() {
        for jitter in [0, 50, 99, 1_000] {
            let mut delivery = delivery();
            delivery.note(answered(500, 0), false, jitter);
            let due = delivery.due.unwrap().0;
            assert!((270..=300).contains(&due), "{due}");
        }
    }

    #[test]
    fn any_2xx_is_success_and_a_redirect_is_not() {
        for (status, succeeded) in [(200, true), (299, true), (301, false), (400, false), (503, false)] {
            let mut delivery = delivery();
            delivery.note(answered(status, 0), false, 0);
            assert_eq!(delivery.status == DeliveryStatus::Succeeded, succeeded, "{status}");
            assert_eq!(delivery.due.is_none(), succeeded);
        }
    }

    #[test]
    fn while_it_is_pending_it_is_either_due_or_waiting_and_otherwise_neither() {
        let steps: [fn(&mut Delivery); 7] = [
            |delivery| delivery.wait(),
            |delivery| delivery.lease(Timestamp(5)),
            |delivery| delivery.note(answered(500, 5), false, 0),
            |delivery| delivery.wait(),
            |delivery| delivery.give_up("no"),
            |delivery| delivery.resend(Timestamp(9)),
            |delivery| delivery.note(answered(200, 9), false, 0),
        ];
        let mut delivery = delivery();
        for (n, step) in steps.into_iter().enumerate() {
            step(&mut delivery);
            let pending = delivery.status == DeliveryStatus::Pending;
            assert_eq!(delivery.waiting ^ delivery.due.is_some(), pending, "step {n}");
            assert!(!(delivery.waiting && delivery.due.is_some()), "step {n}");
        }
    }
}
