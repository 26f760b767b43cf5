//! Whatever a tool's result is, its caller gets valid JSON of bounded size, or an image, and nothing of `_meta`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};
use traygate_translation::{Answer, answer};

/// How much longer than the result the answer may be: notes stand beside small data.
const FACTOR: usize = 8;
const EXTRA: usize = 200;

fuzz_target!(|bytes: &[u8]| {
    let Ok(result) = serde_json::from_slice::<CallToolResult>(bytes) else { return };
    let mut bare = result.clone();
    bare.meta = None;
    bare.content.iter_mut().for_each(strip);
    let most = bytes.len() * FACTOR + EXTRA;
    for accepts in [false, true] {
        let told = answer(&result, |_| accepts);
        match &told {
            Ok(Answer::Json(json)) => {
                serde_json::from_slice::<serde_json::Value>(json).expect("an answer is JSON");
                assert!(json.len() <= most, "{} bytes of {}", json.len(), bytes.len());
            }
            Ok(Answer::Image { bytes: image, .. }) => assert!(accepts && image.len() <= bytes.len()),
            Err(error) => assert!(!error.message.is_empty() && error.message.len() <= most),
        }
        assert_eq!(told, answer(&bare, |_| accepts), "`_meta` makes a difference");
    }
});

fn strip(block: &mut ContentBlock) {
    match block {
        ContentBlock::Text(text) => text.meta = None,
        ContentBlock::Image(image) => image.meta = None,
        ContentBlock::Audio(audio) => audio.meta = None,
        ContentBlock::ResourceLink(link) => link.meta = None,
        ContentBlock::Resource(embedded) => {
            embedded.meta = None;
            match &mut embedded.resource {
                ResourceContents::TextResourceContents { meta, .. }
                | ResourceContents::BlobResourceContents { meta, .. } => *meta = None,
                _ => {}
            }
        }
        _ => {}
    }
}
