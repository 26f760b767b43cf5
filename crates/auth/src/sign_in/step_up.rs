//! How often more scopes are asked for (MCP 2026-07-28, scope challenge handling: "implement retry limits").

use crate::Scopes;

/// Authorization requests for one refusal: the first sign-in is one, so that a server that is never content sees three.
const TRIES: u32 = 2;

/// The step-ups of one server since a person last began a sign-in.
#[derive(Debug, Default)]
pub(super) struct StepUps {
    /// The scopes of the last refusal, and how often they were asked for.
    last: Option<(Scopes, u32)>,
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
        let tries = match &mut self.last {
            Some((last, tries)) if last == challenged => tries,
            last => &mut last.insert((challenged.clone(), 0)).1,
        };
        if *tries >= TRIES {
            return StepUp::GiveUp;
        }
        let wanted = self.wanted.take().unwrap_or_default();
        let wanted = requested.union(&wanted).union(challenged);
        self.wanted = Some(wanted.clone());
        StepUp::Ask(wanted)
    }

    /// What an authorization that begins now is to ask for besides; it counts as a try.
    pub(super) fn begin(&mut self) -> Option<Scopes> {
        let wanted = self.wanted.take()?;
        if let Some((_, tries)) = &mut self.last {
            *tries += 1;
        }
        Some(wanted)
    }

    /// A person begins anew.
    pub(super) fn forget(&mut self) {
        self.last = None;
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
        let (had, wanted) = (Scopes::parse("a"), Scopes::parse("b"));
        let mut requests = 1;
        while let StepUp::Ask(_) = ups.refused(&had, &wanted) {
            ups.begin();
            requests += 1;
        }
        assert_eq!(requests, 3);
        ups.forget();
        assert!(matches!(ups.refused(&had, &wanted), StepUp::Ask(_)));
    }

    #[test]
    fn many_calls_refused_at_once_are_one_try() {
        let mut ups = StepUps::default();
        for _ in 0..50 {
            assert!(matches!(ups.refused(&Scopes::default(), &Scopes::parse("b")), StepUp::Ask(_)));
        }
    }
}
