//! How long a supervisor waits before the next attempt.

use std::time::Duration;

/// The longest wait.
const LONGEST: Duration = Duration::from_mins(1);
/// The shortest wait after a failed attempt.
const SHORTEST: Duration = Duration::from_secs(1);
/// The wait after the loss of a session that had lasted.
const QUICK: Duration = Duration::from_millis(100);

/// The wait after `failures` failures: doubling from 1 s to 60 s, and of each doubling a random part (`random` out of all
/// of `u32`), so that many servers that fell together do not come back in step. Without a failure it is quick.
pub(crate) fn delay(failures: u32, random: u32) -> Duration {
    let least = match failures.checked_sub(1) {
        None => QUICK,
        Some(doublings) => {
            let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
            SHORTEST.saturating_mul(factor).min(LONGEST / 2)
        }
    };
    least + least.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// A random number for [`delay`].
pub(crate) fn random() -> u32 {
    // Without the system's random numbers there is no jitter, which only matters to many servers at once.
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_up_to_a_minute() {
        let range = |failures| (delay(failures, 0).as_millis(), delay(failures, u32::MAX).as_millis());
        assert_eq!(range(0), (100, 200));
        assert_eq!(range(1), (1_000, 2_000));
        assert_eq!(range(2), (2_000, 4_000));
        assert_eq!(range(5), (16_000, 32_000));
        assert_eq!(range(6), (30_000, 60_000));
        assert_eq!(range(u32::MAX), (30_000, 60_000));
    }

    proptest! {
        #[test]
        fn stays_between_one_second_and_a_minute(failures in 1_u32.., random: u32) {
            let delay = delay(failures, random);
            prop_assert!((SHORTEST..=LONGEST).contains(&delay), "{delay:?}");
        }

        #[test]
        fn never_shrinks_with_more_failures(failures in 1_u32..40, random: u32) {
            prop_assert!(delay(failures, random) <= delay(failures + 1, random));
        }
    }
}
