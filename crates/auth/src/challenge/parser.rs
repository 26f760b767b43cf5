/// One challenge of a `WWW-Authenticate` field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed {
    /// As written; compared without case.
    pub(super) scheme: String,
    /// Names in lower case, each once: the first one counts.
    pub(super) params: Vec<(String, String)>,
}

impl Parsed {
    pub(super) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    pub(super) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// The challenges of one field value (RFC 9110 §11.6.1):
///
/// ```text
/// WWW-Authenticate = #challenge
/// challenge        = auth-scheme [ 1*SP ( token68 / #auth-param ) ]
/// auth-param       = token BWS "=" BWS ( token / quoted-string )
/// ```
///
/// A comma parts challenges as well as parameters, so a token begins a challenge unless `=` follows it. What fits
/// nowhere is passed over; commas between parameters may be missing, and unquoted values may hold what a URL holds, as
/// some servers have it.
pub(super) fn challenges(field: &[u8]) -> Vec<Parsed> {
    let mut rest = Rest(field);
    let mut challenges: Vec<Parsed> = Vec::new();
    loop {
        rest.skip(|byte| is_space(byte) || byte == b',');
        if rest.0.is_empty() {
            return challenges;
        }
        let Some(token) = rest.token() else {
            rest.skip_garbage();
            continue;
        };
        let spaces = rest.skip(is_space);
        if rest.eat(b'=') {
            rest.skip(is_space);
            let Some(value) = rest.value() else { continue };
            let Some(challenge) = challenges.last_mut() else { continue };
            let name = token.to_ascii_lowercase();
            if challenge.param(&name).is_none() {
                challenge.params.push((name, value));
            }
            continue;
        }
        challenges.push(Parsed { scheme: token, params: Vec::new() });
        if spaces > 0 {
            rest.skip_token68();
        }
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, is_part: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !is_part(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn skip(&mut self, is_part: impl Fn(u8) -> bool) -> usize {
        self.take(is_part).len()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn token(&mut self) -> Option<String> {
        let token = self.take(is_token);
        (!token.is_empty()).then(|| String::from_utf8_lossy(token).into_owned())
    }

    fn value(&mut self) -> Option<String> {
        if self.eat(b'"') {
            return self.quoted();
        }
        let value = self.take(|byte| !is_space(byte) && byte != b',' && byte != b'"');
        (!value.is_empty()).then(|| String::from_utf8_lossy(value).into_owned())
    }

    /// The rest of a quoted-string (RFC 9110 §5.6.4); one without an end is none.
    fn quoted(&mut self) -> Option<String> {
        let mut value = Vec::new();
        loop {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            match byte {
                b'"' => return Some(String::from_utf8_lossy(&value).into_owned()),
                b'\\' => {
                    let (&escaped, rest) = self.0.split_first()?;
                    self.0 = rest;
                    value.push(escaped);
                }
                byte => value.push(byte),
            }
        }
    }

    /// A token68 stands alone behind its scheme; anything else stays for the parameters.
    fn skip_token68(&mut self) {
        let before = self.0;
        let letters = self.skip(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/')
        });
        self.skip(|byte| byte == b'=');
        self.skip(is_space);
        if letters == 0 || !matches!(self.0.first(), None | Some(b',')) {
            self.0 = before;
        }
    }

    fn skip_garbage(&mut self) {
        if self.eat(b'"') {
            self.quoted();
        } else {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// `tchar` (RFC 9110 §5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
