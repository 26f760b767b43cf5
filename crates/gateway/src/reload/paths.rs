use std::{
    collections::BTreeSet,
    ffi::OsString,
    path::{Component, Path, PathBuf},
};

/// As many symlinks as Linux follows in one path (`MAXSYMLINKS`).
const SYMLINKS: usize = 40;

/// The folders whose entries decide what `path` leads to: those of the file, of every symlink on the way, and where
/// something is missing the last one that is there.
///
/// Kubernetes mounts `config.json -> ..data/config.json` and `..data -> ..2026_11_23`, and swaps the second.
pub(super) fn folders(path: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut at = PathBuf::new();
    let mut rest = reversed(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    let mut symlinks = 0;
    while let Some(name) = rest.pop() {
        match Path::new(&name).components().next() {
            Some(Component::Normal(_)) => {}
            Some(Component::ParentDir) => {
                at.pop();
                continue;
            }
            // A root replaces what was before it.
            Some(Component::RootDir | Component::Prefix(_)) => {
                at.push(&name);
                continue;
            }
            Some(Component::CurDir) | None => continue,
        }
        let next = at.join(&name);
        match fs_err::read_link(&next) {
            Ok(target) if symlinks < SYMLINKS => {
                symlinks += 1;
                folders.insert(at.clone());
                rest.extend(reversed(&target));
            }
            _ => {
                let missing = !next.exists();
                if missing || rest.is_empty() {
                    folders.insert(at.clone());
                }
                if missing {
                    break;
                }
                at = next;
            }
        }
    }
    folders
}

fn reversed(path: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = path.components().map(|component| component.as_os_str().to_owned()).collect();
    names.reverse();
    names
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use fs_err::os::unix::fs::symlink;

    use super::*;

    fn tree() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().canonicalize().expect("a folder");
        (folder, root)
    }

    #[test]
    fn a_plain_file_is_decided_by_its_folder() {
        let (_folder, root) = tree();
        let file = root.join("config.json");
        assert_eq!(folders(&file), [root.clone()].into(), "a missing one too");
        fs_err::write(&file, "{}").expect("a file");
        assert_eq!(folders(&file), [root.clone()].into());
        assert_eq!(folders(&root.join("./x/../config.json")), [root].into());
    }

    #[test]
    fn every_symlink_on_the_way_counts() {
        let (_folder, root) = tree();
        let (links, data) = (root.join("links"), root.join("data"));
        fs_err::create_dir(&links).and_then(|()| fs_err::create_dir(&data)).expect("folders");
        fs_err::write(data.join("real.json"), "{}").expect("a file");
        symlink(data.join("real.json"), links.join("config.json")).expect("a symlink");
        assert_eq!(folders(&links.join("config.json")), [links.clone(), data.clone()].into());
        symlink("links", root.join("alias")).expect("a symlink");
        assert_eq!(folders(&root.join("alias/config.json")), [root, links, data].into());
    }

    #[test]
    fn kubernetes_mounts_are_followed_through_their_swap_link() {
        let (_folder, root) = tree();
        fs_err::create_dir(root.join("..one")).expect("a folder");
        fs_err::write(root.join("..one/config.json"), "{}").expect("a file");
        symlink("..one", root.join("..data")).expect("a symlink");
        symlink("..data/config.json", root.join("config.json")).expect("a symlink");
        assert_eq!(folders(&root.join("config.json")), [root.clone(), root.join("..one")].into());
    }

    #[test]
    fn a_missing_folder_is_waited_for_where_it_would_be_made() {
        let (_folder, root) = tree();
        assert_eq!(folders(&root.join("no/such/config.json")), [root].into());
    }

    #[test]
    fn a_circle_of_symlinks_ends() {
        let (_folder, root) = tree();
        symlink("b", root.join("a")).expect("a symlink");
        symlink("a", root.join("b")).expect("a symlink");
        assert_eq!(folders(&root.join("a")), [root].into());
    }
}
