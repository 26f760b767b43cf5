use std::{collections::HashMap, ffi::OsString, path::Path};

use traygate_gateway::{Folders, inherited};
use traygate_upstream::Environment;

use crate::{
    args::ServeArgs,
    exit::{Exit, Problem},
};

/// What the servers inherit: our own variables, with those of `--env-path` where they are not set, and those of
/// `--env` over both.
pub(crate) fn environment(args: &ServeArgs, folders: Option<&Folders>) -> Result<Environment, Problem> {
    let variables = variables(std::env::vars_os().collect(), args.env_path.as_deref(), &args.env)?;
    Ok(Environment::new(variables, folders.map(|folders| folders.state.clone())))
}

fn variables(
    own: HashMap<OsString, OsString>,
    file: Option<&Path>,
    given: &[String],
) -> Result<HashMap<OsString, OsString>, Problem> {
    let mut variables = inherited(own);
    if let Some(path) = file {
        let unreadable = |error: dotenvy::Error| {
            let (file, path) = (path, path.display());
            Exit::Usage.because(match error {
                // Its text holds the line, and the line a secret.
                dotenvy::Error::LineParse(line, _) => format!(
                    "`{path}{}` is not NAME=VALUE. Put quotes around a value with spaces or `#`, close those that are \
                     open, or begin the line with `#`.",
                    line_number(file, &line).map(|line| format!(":{line}")).unwrap_or_default()
                ),
                error => format!("The variables in `{path}` cannot be read: {error}."),
            })
        };
        for variable in dotenvy::from_path_iter(path).map_err(unreadable)? {
            let (name, value) = variable.map_err(unreadable)?;
            variables.entry(name.into()).or_insert_with(|| value.into());
        }
    }
    for variable in given.iter().filter(|variable| !variable.is_empty()) {
        let (name, value) =
            variable.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(|| {
                Exit::Usage.because("`--env` wants NAME=VALUE, for example `--env TZ=Europe/Berlin`.")
            })?;
        variables.insert(name.into(), value.into());
    }
    Ok(variables)
}

/// The number, from 1, of the first line that ends as the one that could not be read; of that, only the end may be known.
fn line_number(file: &Path, line: &str) -> Option<usize> {
    let text = fs_err::read_to_string(file).ok()?;
    let end = line.lines().next().map(str::trim).filter(|end| !end.is_empty())?;
    let is_it = |line: &str| line.trim().ends_with(end) && !line.trim_start().starts_with('#');
    text.lines().position(is_it).map(|before| before + 1)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn own() -> HashMap<OsString, OsString> {
        [("A", "own"), ("B", "own"), ("TRAYGATE_API_KEY", "s3cret"), ("TRAYGATE_HEADER", "s3cret")]
            .map(|(name, value)| (name.into(), value.into()))
            .into()
    }

    #[test]
    fn flags_win_over_our_own_and_those_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(".env");
        fs_err::write(&file, "# a comment\nA=file\nC=file\nD='two words'\n").expect("a file");
        let variables = variables(own(), Some(&file), &["B=flag".into(), "E=x=y".into()]).expect("variables");
        let get = |name: &str| variables.get(OsStr::new(name)).and_then(|value| value.to_str());
        assert_eq!(get("A"), Some("own"));
        assert_eq!(get("B"), Some("flag"));
        assert_eq!(get("C"), Some("file"));
        assert_eq!(get("D"), Some("two words"));
        assert_eq!(get("E"), Some("x=y"));
        assert_eq!(get("TRAYGATE_API_KEY"), None);
        assert_eq!(get("TRAYGATE_HEADER"), None);
    }

    #[test]
    fn what_cannot_be_read_is_said_without_values() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(".env");
        let missing = variables(own(), Some(&file), &[]).expect_err("missing");
        assert!(missing.message.contains(".env"), "{}", missing.message);
        fs_err::write(&file, "A='s3cret\n").expect("a file");
        let broken = variables(own(), Some(&file), &[]).expect_err("broken");
        assert!(broken.message.contains(".env") && !broken.message.contains("s3cret"), "{}", broken.message);
        for (text, line) in [
            ("# A comment\n\nGOOD=1\nthis is no variable s3cret\nB=2\n", 4),
            ("A=1\r\nB=two s3cret words\r\n", 2),
            ("A=1\nB=\"s3cret\nC=2\n", 2),
        ] {
            fs_err::write(&file, text).expect("a file");
            let broken = variables(own(), Some(&file), &[]).expect_err(text);
            let place = format!(".env:{line}` is not NAME=VALUE");
            assert!(broken.message.contains(&place), "{text}: {}", broken.message);
            assert!(!broken.message.contains("s3cret"), "{}", broken.message);
        }
        let flag = variables(own(), None, &["s3cret".into()]).expect_err("no =");
        assert_eq!(flag.exit, Exit::Usage);
        assert!(!flag.message.contains("s3cret"));
    }
}
