//! How often more scopes are asked for (MCP 2026-07-28, scope challenge handling: "implement retry limits").

use crate::Scopes;

/// Authorizations that ask again for what was asked for already: with the first sign-in and the first step-up that makes
/// three requests in vain.
const FRUITLESS: u32 = 1;
/// Step-ups of any kind.
const MOST: u32 = 10;

/// The step-ups of one server since a person last began a sign-in.
#[derive(Debug, Default)]
pub(super) struct StepUps {
    begun: u32,
    fruitless: u32,
    /// The last refusal was for want of what was asked for.
    is_fruitless: bool,
    /// All that the next authorization asks for.
    wanted: Option<Scopes>,
}

/// What a refusal for want of scopes leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StepUp {
    /// An authorization that asks for these.
    Ask(Scopes),
    /// No more: they were granted, and still it refuses.
    GiveUp,
}

impl StepUps {
    /// A request was refused for want of `challenged`; the last authorization asked for `requested`. Asked for is the union,
    /// so that nothing that was granted is lost.
    pub(super) fn refused(&mut self, requested: &Scopes, challenged: &Scopes) -> StepUp {
        let is_fruitless = requested.covers(challenged);
        if self.begun >= MOST || (is_fruitless && self.fruitless >= FRUITLESS) {
            return StepUp::GiveUp;
        }
        self.is_fruitless |= is_fruitless;
        let wanted = self.wanted.take().unwrap_or_default();
        let wanted = requested.union(&wanted).union(challenged);
        self.wanted = Some(wanted.clone());
        StepUp::Ask(wanted)
    }

    /// What an authorization that begins now is to ask for besides; it counts as a try.
    pub(super) fn begin(&mut self) -> Option<Scopes> {
        let wanted = self.wanted.take()?;
        self.begun += 1;
        self.fruitless += u32::from(std::mem::take(&mut self.is_fruitless));
        Some(wanted)
    }

    /// A person begins anew.
    pub(super) fn forget(&mut self) {
        (self.begun, self.fruitless, self.is_fruitless) = (0, 0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_up_asks_for_the_union_of_what_was_and_what_is_wanted() {
        let mut ups = StepUps::default();
        let step = ups.refused(&Scopes::parse("mcp:basic"), &Scopes::parse("mcp:write"));
        assert_eq!(step, StepUp::Ask(Scopes::parse("mcp:basic mcp:write")));
        let step = ups.refused(&Scopes::parse("mcp:basic"), &Scopes::parse("mcp:admin"));
        assert_eq!(step, StepUp::Ask(Scopes::parse("mcp:basic mcp:write mcp:admin")));
        assert_eq!(ups.begin(), Some(Scopes::parse("mcp:basic mcp:write mcp:admin")));
        assert_eq!(ups.begin(), None);
    }

    #[test]
    fn a_server_that_is_never_content_sees_three_authorization_requests() {
        let mut ups = StepUps::default();
        let (mut had, wanted) = (Scopes::parse("a"), Scopes::parse("b"));
        let mut requests = 1;
        while let StepUp::Ask(_) = ups.refused(&had, &wanted) {
            had = ups.begin().unwrap();
            requests += 1;
        }
        assert_eq!(requests, 3);
        ups.forget();
        assert!(matches!(ups.refused(&had, &wanted), StepUp::Ask(_)));
    }

    #[test]
    fn other_words_each_time_do_not_go_on_for_ever() {
        for words in
            [["a", "b"].as_slice(), &["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"]]
        {
            let (mut ups, mut had, mut requests) = (StepUps::default(), Scopes::default(), 1);
            for word in words.iter().cycle().take(100) {
                let StepUp::Ask(_) = ups.refused(&had, &Scopes::parse(word)) else { break };
                had = ups.begin().unwrap();
                requests += 1;
            }
            assert!(requests <= 1 + MOST, "{requests}");
        }
    }

    #[test]
    fn many_calls_refused_at_once_are_one_try() {
        let mut ups = StepUps::default();
        for _ in 0..50 {
            assert!(matches!(ups.refused(&Scopes::default(), &Scopes::parse("b")), StepUp::Ask(_)));
        }
    }
}
