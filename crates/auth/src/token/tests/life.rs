//! When tokens are renewed.

use super::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn living(issued_at: u64, expires_at: Option<u64>) -> Tokens {
    Tokens { issued_at: at(issued_at), expires_at: expires_at.map(at), ..tokens() }
}

#[test]
fn tokens_are_renewed_thirty_seconds_or_half_their_life_before_their_end() {
    let hour = living(1_000, Some(4_600));
    for (now, due) in [(1_000, false), (4_569, false), (4_570, true), (4_600, true), (9_999, true)] {
        assert_eq!(hour.due(at(now)), due, "{now}");
    }
    let short = living(1_000, Some(1_020));
    for (now, due) in [(1_000, false), (1_009, false), (1_010, true)] {
        assert_eq!(short.due(at(now)), due, "{now}");
    }
    assert!(!hour.is_expired(at(4_599)) && hour.is_expired(at(4_600)));
}

#[test]
fn a_missing_expires_in_means_used_until_a_401() {
    assert!(!living(1_000, None).due(at(u64::from(u32::MAX))));
    assert!(!living(1_000, None).due(at(0)));
    assert!(!living(1_000, None).is_expired(at(u64::from(u32::MAX))));
}

#[test]
fn a_clock_that_jumps_makes_tokens_due_and_never_panics() {
    assert!(living(1_000, Some(4_600)).due(at(999)), "set back");
    assert!(living(1_000, Some(4_600)).due(at(1_000_000)), "set forward");
    assert!(living(4_600, Some(1_000)).due(at(500)), "ends before it begins");
}

#[test]
fn stored_tokens_come_back_whole() {
    let tokens = living(1_000, Some(4_600));
    let stored = serde_json::to_string(&tokens).unwrap();
    let back: Tokens = serde_json::from_str(&stored).unwrap();
    assert_eq!(back.refresh_token.unwrap().expose_secret(), "the-refresh-token");
    assert_eq!(
        (back.issued_at, back.expires_at, back.granted),
        (tokens.issued_at, tokens.expires_at, tokens.granted)
    );
}
