/// What a sign-in wants of the person, or what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// Nothing yet.
    Waits,
    /// A page is to be opened.
    Page {
        url: String,
        /// What it ends on has to be pasted.
        is_pasted: bool,
    },
    /// A code is to be typed on another device.
    Code { code: String, at: String },
    /// Signed in.
    Done,
    /// It came to nothing.
    Failed {
        reason: String,
        /// For want of a client that is registered by hand.
        client_needed: bool,
    },
    /// Somebody else ended it.
    Over,
}
