use std::fmt::Write as _;

use crate::Landing;

impl Landing {
    /// The page for a browser: plain HTML without scripts and without anything from elsewhere, every text escaped. It
    /// works under `default-src 'none'; style-src 'unsafe-inline'`.
    pub fn page(&self) -> String {
        let (class, mark) = if self.ok { ("ok", "&#10003;") } else { ("failed", "&#10007;") };
        let (title, message) = (escape(&self.title), escape(&self.message));
        format!(
            r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="referrer" content="no-referrer">
<title>{title} - Traygate</title>
<style>{STYLE}</style>
</head>
<body>
<main class="{class}">
<p class="mark" aria-hidden="true">{mark}</p>
<h1>{title}</h1>
<p class="message">{message}</p>
<p class="close">You can close this page.</p>
</main>
</body>
</html>
"#
        )
    }
}

const STYLE: &str = "
:root { color-scheme: light dark; --page: #f4f5f7; --card: #fff; --text: #1d2129; --quiet: #626b78; --edge: #dfe2e7;
  --ok: #1a7f4b; --failed: #b3372f; }
@media (prefers-color-scheme: dark) { :root { --page: #15181d; --card: #1f242b; --text: #e8eaed; --quiet: #9aa3af;
  --edge: #333a44; --ok: #58c98c; --failed: #f0827a; } }
* { box-sizing: border-box; margin: 0; }
body { min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--page);
  color: var(--text); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; padding: 2.5rem 2rem; text-align: center; background: var(--card);
  border: 1px solid var(--edge); border-radius: 1rem; }
.mark { width: 3.5rem; height: 3.5rem; margin: 0 auto 1.25rem; border: 2px solid; border-radius: 50%;
  font-size: 1.75rem; line-height: 3.25rem; }
.ok .mark { color: var(--ok); }
.failed .mark { color: var(--failed); }
h1 { font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
.message { margin-top: .75rem; white-space: pre-line; overflow-wrap: anywhere; }
.close { margin-top: 1.5rem; color: var(--quiet); font-size: .875rem; }
";

/// Text that is text wherever it stands in HTML. Control characters and those that turn the direction of what follows
/// are shown as a replacement: an authorization server's words may hold them.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' | '`' => {
                // Writing to a String does not fail.
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            '\n' => escaped.push('\n'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            character if character.is_control() => escaped.push('\u{fffd}'),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_a_sign_in_that_went_well() {
        let landing = Landing {
            ok: true,
            title: "Signed in to `github`".into(),
            message: "Its tools are ready in a moment.".into(),
        };
        insta::assert_snapshot!(landing.page());
    }

    #[test]
    fn the_page_of_a_sign_in_that_failed_with_hostile_words() {
        let landing = Landing {
            ok: false,
            title: "</title><script>alert(1)</script>".into(),
            message: "\"access_denied\": <img src=x onerror='alert(1)'>&amp;\n\u{202e}txt.exe\u{0}\u{1b}[31m"
                .into(),
        };
        let page = landing.page();
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        insta::assert_snapshot!(page);
    }

    #[test]
    fn the_page_needs_nothing_from_elsewhere() {
        let page = Landing { ok: true, title: "a".into(), message: "b".into() }.page();
        for word in ["http:", "https:", "//", "src=", "href=", "url(", "@import", "style=", "<script"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}
