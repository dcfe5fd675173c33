//! A lane for each endpoint: what waits for it, and how much is being sent to it at once.
//!
//! A dead or slow endpoint must delay no other. So a lane is bounded, both in what waits and in what is under way, and what
//! is under way adapts: it grows while the endpoint answers quickly and halves when it answers slowly or not at all. Lanes
//! take turns, and an endpoint that does not answer soon holds one place of the many that there are. What does not fit
//! waits in the store, and is asked for when the lane has room again.
//!
//! Pure: it says what to send next, others send it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::endpoints::Target;

/// Deliveries under way at once, in all.
pub(super) const MOST_UNDER_WAY: usize = 512;
/// Deliveries waiting in memory, in all; the others wait in the store.
const MOST_WAITING: usize = 8_192;
/// Deliveries under way at once to an endpoint that has not answered yet.
const FIRST: usize = 4;
/// Deliveries under way at once to an endpoint that answers quickly.
const MOST_OF_LANE: usize = 64;
/// Deliveries waiting for an endpoint that answers quickly.
const WAITING_IN_LANE: usize = 1_024;
/// Deliveries waiting for an endpoint that has not answered yet.
const WAITING_AT_FIRST: usize = 128;
/// Deliveries waiting for an endpoint that answers slowly or not at all, for each that may be under way.
const WAITING_EACH: usize = 16;
/// Lanes remembered of endpoints that nothing is sent to at the moment.
const MOST_LANES: usize = 4_096;
/// An answer within this is quick.
const QUICK: Duration = Duration::from_millis(1_000);
/// An answer after this is slow.
const SLOW: Duration = Duration::from_millis(2_500);

/// One delivery to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Work {
    /// The delivery's id.
    pub delivery: Arc<str>,
    /// Where to.
    pub target: Arc<Target>,
    /// The event as stored.
    pub event: Arc<str>,
    /// How many of the event's deliveries have not succeeded yet.
    pub pending: i64,
    /// Whether the endpoint hears of it as its account's platform.
    pub connect: bool,
}

#[derive(Debug)]
struct Lane {
    waiting: VecDeque<Work>,
    under_way: usize,
    limit: usize,
    listed: bool,
}

impl Lane {
    fn new() -> Lane {
        Lane { waiting: VecDeque::new(), under_way: 0, limit: FIRST, listed: false }
    }

    fn may_start(&self) -> bool {
        !self.waiting.is_empty() && self.under_way < self.limit
    }

    fn most_waiting(&self) -> usize {
        match self.limit {
            ..FIRST => self.limit * WAITING_EACH,
            FIRST => WAITING_AT_FIRST,
            _ => WAITING_IN_LANE,
        }
    }

    fn wants_more(&self) -> bool {
        self.waiting.len() <= self.most_waiting() / 2
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.under_way == 0
    }
}

/// How an endpoint took a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    /// Whether it answered at all, whatever it said.
    pub answered: bool,
    /// How long it took.
    pub took: Duration,
}

/// All lanes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: HashMap<Arc<str>, Lane>,
    /// Lanes with something to start, in turn.
    turns: VecDeque<Arc<str>>,
    waiting: usize,
    under_way: usize,
    /// Endpoints for which deliveries may be waiting in the store.
    backlog: HashSet<Arc<str>>,
    closed: bool,
}

/// What follows when a delivery was sent.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// To be sent now.
    pub start: Vec<Work>,
    /// Cannot be kept in memory any longer.
    pub too_much: Vec<Work>,
    /// Whether a lane has room for what waits in the store.
    pub wants_more: bool,
}

impl Lanes {
    /// How much may still be given to each endpoint.
    pub(super) fn room(&self) -> Room {
        let lanes = self.lanes.iter();
        let lanes = lanes.map(|(id, lane)| (id.clone(), lane.most_waiting().saturating_sub(lane.waiting.len())));
        let total = if self.closed { 0 } else { MOST_WAITING.saturating_sub(self.waiting) };
        Room { lanes: lanes.collect(), total }
    }

    /// Takes deliveries in, and says what to send now. After [`Lanes::close`] everything is given back.
    pub(super) fn add(&mut self, work: Vec<Work>) -> Vec<Work> {
        for work in work {
            let id = work.target.id.clone();
            let lane = self.lanes.entry(id.clone()).or_insert_with(Lane::new);
            lane.waiting.push_back(work);
            self.waiting += 1;
            list(&mut self.turns, lane, id);
        }
        self.start()
    }

    /// What to send now: a delivery of each lane in turn, while there are places.
    fn start(&mut self) -> Vec<Work> {
        let mut started = Vec::new();
        while self.under_way < MOST_UNDER_WAY && !self.closed {
            let Some(id) = self.turns.pop_front() else { break };
            let Some(lane) = self.lanes.get_mut(&id) else { continue };
            lane.listed = false;
            if !lane.may_start() {
                continue;
            }
            if let Some(work) = lane.waiting.pop_front() {
                lane.under_way += 1;
                self.under_way += 1;
                self.waiting -= 1;
                started.push(work);
            }
            list(&mut self.turns, lane, id);
        }
        started
    }

    /// A delivery was sent. Says what to send next, and what the lane cannot keep any longer.
    pub(super) fn done(&mut self, endpoint: &Arc<str>, answer: Answer) -> Done {
        self.under_way = self.under_way.saturating_sub(1);
        let mut done = Done::default();
        if let Some(lane) = self.lanes.get_mut(endpoint) {
            lane.under_way = lane.under_way.saturating_sub(1);
            if !answer.answered || SLOW < answer.took {
                lane.limit = (lane.limit / 2).max(1);
                let keep = lane.most_waiting().min(lane.waiting.len());
                done.too_much = lane.waiting.split_off(keep).into();
                self.waiting -= done.too_much.len();
            } else if answer.took <= QUICK {
                lane.limit = (lane.limit + 1).min(MOST_OF_LANE);
            }
            list(&mut self.turns, lane, endpoint.clone());
            done.wants_more = lane.wants_more() && self.backlog.contains(endpoint);
        }
        if MOST_LANES < self.lanes.len() {
            self.lanes.retain(|_, lane| !lane.is_idle());
        }
        done.start = self.start();
        done
    }

    /// Deliveries for these endpoints may be waiting in the store.
    pub(super) fn note_backlog(&mut self, endpoints: impl IntoIterator<Item = Arc<str>>) {
        self.backlog.extend(endpoints);
    }

    /// Whether deliveries may be waiting in the store.
    pub(super) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Endpoints that have room for what may be waiting in the store, at most `limit`. They are asked for once: whoever
    /// finds more than there is room for notes it again.
    pub(super) fn take_hungry(&mut self, limit: usize) -> Vec<Arc<str>> {
        if self.closed || MOST_WAITING <= self.waiting {
            return Vec::new();
        }
        let hungry = |id: &&Arc<str>| self.lanes.get(*id).is_none_or(Lane::wants_more);
        let hungry: Vec<_> = self.backlog.iter().filter(hungry).take(limit).cloned().collect();
        for id in &hungry {
            self.backlog.remove(id);
        }
        hungry
    }

    /// Starts nothing any more; answers what was waiting.
    pub(super) fn close(&mut self) -> Vec<Work> {
        self.closed = true;
        self.turns.clear();
        self.waiting = 0;
        self.lanes.values_mut().flat_map(|lane| std::mem::take(&mut lane.waiting)).collect()
    }

    /// Deliveries being sent.
    pub(super) fn under_way(&self) -> usize {
        self.under_way
    }

    /// Deliveries waiting for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }
}

fn list(turns: &mut VecDeque<Arc<str>>, lane: &mut Lane, id: Arc<str>) {
    if !lane.listed && lane.may_start() {
        lane.listed = true;
        turns.push_back(id);
    }
}

/// How much may be given to the lanes, while somebody plans what to give.
#[derive(Debug)]
pub(crate) struct Room {
    lanes: HashMap<Arc<str>, usize>,
    total: usize,
}

impl Room {
    /// Takes a place in an endpoint's lane, if there is one.
    pub(crate) fn take(&mut self, endpoint: &Arc<str>) -> bool {
        let free = 0 < self.left(endpoint);
        if free && let Some(lane) = self.lanes.get_mut(endpoint) {
            *lane -= 1;
            self.total -= 1;
        }
        free
    }

    /// How many places an endpoint's lane has left.
    pub(crate) fn left(&mut self, endpoint: &Arc<str>) -> usize {
        let lane = self.lanes.entry(endpoint.clone()).or_insert(WAITING_AT_FIRST);
        (*lane).min(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::Target;

    const QUICKLY: Answer = Answer { answered: true, took: Duration::from_millis(5) };
    const NEVER: Answer = Answer { answered: false, took: Duration::from_secs(10) };

    fn work(endpoint: &str, n: usize) -> Vec<Work> {
        let target = Arc::new(Target::for_tests(endpoint));
        let one = |i: usize| Work {
            delivery: format!("whd_{endpoint}_{i}").into(),
            target: target.clone(),
            event: "{}".into(),
            pending: 1,
            connect: false,
        };
        (0..n).map(one).collect()
    }

    fn count(started: &[Work], endpoint: &str) -> usize {
        started.iter().filter(|work| &*work.target.id == endpoint).count()
    }

    #[test]
    fn a_lane_starts_a_few_and_grows_while_its_endpoint_answers_quickly() {
        let mut lanes = Lanes::default();
        let first = lanes.add(work("we_1", 60));
        assert_eq!(first.len(), FIRST);
        let id = first[0].target.id.clone();
        let done = lanes.done(&id, QUICKLY);
        assert_eq!((done.start.len(), done.too_much.len()), (2, 0));
        for _ in 0..200 {
            lanes.done(&id, QUICKLY);
            lanes.add(work("we_1", 1));
        }
        assert!(lanes.lanes[&id].limit == MOST_OF_LANE);
    }

    #[test]
    fn a_lane_shrinks_to_one_when_its_endpoint_does_not_answer_and_gives_back_what_it_cannot_keep() {
        let mut lanes = Lanes::default();
        let id = lanes.add(work("we_1", 64 + FIRST))[0].target.id.clone();
        let mut given_back = 0;
        for _ in 0..FIRST {
            given_back += lanes.done(&id, NEVER).too_much.len();
        }
        assert_eq!(lanes.lanes[&id].limit, 1);
        assert_eq!(lanes.under_way(), 1);
        assert!(lanes.waiting() <= WAITING_EACH);
        assert_eq!(given_back + lanes.waiting() + 1, 64);
    }

    #[test]
    fn lanes_take_turns_and_dead_ones_leave_places_for_others() {
        let mut lanes = Lanes::default();
        let mut dead = Vec::new();
        for n in 0..1_000 {
            dead.extend(lanes.add(work(&format!("we_dead{n}"), 4)));
        }
        assert_eq!(dead.len(), MOST_UNDER_WAY);
        // The places are taken; the live endpoint gets its turn when its time comes, before the dead ones' second round.
        assert_eq!(lanes.add(work("we_live", 1)).len(), 0);
        let mut live = 0;
        let mut queue: VecDeque<Work> = dead.into();
        for _ in 0..8_000 {
            let Some(work) = queue.pop_front() else { break };
            let next = lanes.done(&work.target.id, NEVER).start;
            live += count(&next, "we_live");
            queue.extend(next);
        }
        assert_eq!(live, 1);
    }

    #[test]
    fn there_is_no_room_beyond_what_a_lane_may_hold() {
        let mut lanes = Lanes::default();
        lanes.add(work("we_1", FIRST + 100));
        let mut room = lanes.room();
        let (known, other): (Arc<str>, Arc<str>) = ("we_1".into(), "we_2".into());
        assert_eq!((0..2_000).filter(|_| room.take(&known)).count(), WAITING_AT_FIRST - 100);
        assert_eq!((0..2_000).filter(|_| room.take(&other)).count(), WAITING_AT_FIRST);
    }

    #[test]
    fn what_waits_in_the_store_is_asked_for_when_its_lane_has_room() {
        let mut lanes = Lanes::default();
        let id = lanes.add(work("we_1", FIRST + 600))[0].target.id.clone();
        lanes.note_backlog([id.clone(), "we_2".into()]);
        assert_eq!(lanes.take_hungry(9), ["we_2".into()]);
        let sent = (0..200).take_while(|_| !lanes.done(&id, QUICKLY).wants_more).count();
        assert!((10..100).contains(&sent), "{sent}");
        assert_eq!(lanes.take_hungry(9), [id]);
        assert_eq!(lanes.take_hungry(9), []);
    }

    #[test]
    fn closed_lanes_give_everything_back_and_start_nothing() {
        let mut lanes = Lanes::default();
        let id = lanes.add(work("we_1", 10))[0].target.id.clone();
        assert_eq!(lanes.close().len(), 10 - FIRST);
        assert!(lanes.done(&id, QUICKLY).start.is_empty());
        assert!(!lanes.room().take(&id));
        assert_eq!((lanes.under_way(), lanes.waiting()), (FIRST - 1, 0));
    }
}
