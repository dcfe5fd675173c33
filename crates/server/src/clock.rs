//! `kontor clock`: shows and moves the clock of a running sandbox.

use kernel::{DAY, HOUR, Timestamp};

use crate::client::{Client, Failure};

/// Prints what time it is in the world.
pub(crate) async fn show(client: &Client) -> Result<(), Failure> {
    print(&client.get("/kontor/v1/clock", None).await?);
    Ok(())
}

/// Moves the clock forward by a span such as `3d`, `12h`, `90m`, `30s`, and waits until every due job has run.
pub(crate) async fn advance(client: &Client, span: &str) -> Result<(), Failure> {
    let seconds = parse_span(span).ok_or_else(|| format!("{span} is no span of time: say 3d, 12h, 90m or 30s."))?;
    let answer = client.post("/kontor/v1/clock/advance", &[("seconds", &seconds.to_string())], None).await?;
    print(&answer);
    Ok(())
}

/// Moves the clock forward to a date or moment, and waits until every due job has run.
pub(crate) async fn advance_to(client: &Client, to: &str) -> Result<(), Failure> {
    let moment = Timestamp::parse(to)
        .ok_or_else(|| format!("{to} is no moment: say 2026-12-24, 2026-12-24T08:00:00Z or Unix seconds."))?;
    let answer = client.post("/kontor/v1/clock/advance", &[("to", &moment.0.to_string())], None).await?;
    print(&answer);
    Ok(())
}

fn print(answer: &serde_json::Value) {
    let now = Timestamp(answer["now"].as_i64().unwrap_or_default());
    say!("{now} ({})", now.0);
}

/// Seconds of `3d`, `12h`, `90m`, `30s` or `30`.
fn parse_span(span: &str) -> Option<i64> {
    let (number, unit) = match span.strip_suffix(['d', 'h', 'm', 's']) {
        Some(number) => (number, span.as_bytes()[span.len() - 1]),
        None => (span, b's'),
    };
    let seconds = match unit {
        b'd' => DAY,
        b'h' => HOUR,
        b'm' => 60,
        _ => 1,
    };
    number.parse::<i64>().ok().filter(|n| 0 < *n)?.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::parse_span;

    #[test]
    fn spans_are_numbers_with_a_unit() {
        assert_eq!(parse_span("3d"), Some(259_200));
        assert_eq!(parse_span("90m"), Some(5_400));
        assert_eq!(parse_span("15"), Some(15));
        for bad in ["", "d", "-1d", "0s", "three", "1w"] {
            assert_eq!(parse_span(bad), None, "{bad}");
        }
    }
}
