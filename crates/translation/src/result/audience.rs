//! What is for the person alone (specification 2025-11-25, `Annotations.audience`).

use rmcp::model::{Annotations, ContentBlock, Role};

/// Whether a block is for the user and nobody else.
pub(super) fn is_user_alone(block: &ContentBlock) -> bool {
    let audience = annotations(block).and_then(|annotations| annotations.audience.as_deref());
    matches!(audience, Some([first, rest @ ..]) if *first == Role::User && rest.iter().all(|role| *role == Role::User))
}

fn annotations(block: &ContentBlock) -> Option<&Annotations> {
    match block {
        ContentBlock::Text(text) => text.annotations.as_ref(),
        ContentBlock::Image(image) => image.annotations.as_ref(),
        ContentBlock::Audio(audio) => audio.annotations.as_ref(),
        ContentBlock::Resource(embedded) => embedded.annotations.as_ref(),
        ContentBlock::ResourceLink(link) => link.annotations.as_ref(),
        _ => None,
    }
}

/// What stands in for an answer that is for the user alone.
pub(super) fn note(content: &[ContentBlock]) -> String {
    format!("(The tool answered with {} for the user only.)", counted(&content.iter()))
}

/// "2 texts and 1 image".
pub(super) fn counted<'a>(content: &(impl Iterator<Item = &'a ContentBlock> + Clone)) -> String {
    type Kind = (&'static str, fn(&ContentBlock) -> bool);
    const KINDS: [Kind; 5] = [
        ("text", |block| matches!(block, ContentBlock::Text(_))),
        ("image", |block| matches!(block, ContentBlock::Image(_))),
        ("audio recording", |block| matches!(block, ContentBlock::Audio(_))),
        ("resource", |block| matches!(block, ContentBlock::Resource(_))),
        ("link", |block| matches!(block, ContentBlock::ResourceLink(_))),
    ];
    let parts: Vec<String> = KINDS
        .iter()
        .map(|(name, is)| (name, content.clone().filter(|block| is(block)).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}{}", if count == 1 { "" } else { "s" }))
        .collect();
    match &parts[..] {
        [] => "something".into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
