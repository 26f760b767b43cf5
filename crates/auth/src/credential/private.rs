//! Folders and files that only their owner reads. On Windows a user's own folders are private.

use std::{
    io::{self, Read as _, Write as _},
    path::Path,
};

use fs_err as fs;

/// Makes a folder where it is missing, and private where it is not.
pub(super) fn folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| {
            io::Error::new(error.kind(), format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
        let permissions = fs::metadata(folder)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    fs::create_dir_all(folder)
}

/// Replaces a file at once and whole.
pub(super) fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "nothing to set"))]
    let mut options = atomic_write_file::OpenOptions::new();
    #[cfg(unix)]
    {
        use atomic_write_file::unix::OpenOptionsExt as _;
        use std::os::unix::fs::OpenOptionsExt as _;
        options.preserve_mode(false).mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(content)?;
        file.commit()
    });
    written.map_err(|error| {
        io::Error::new(error.kind(), format!("the file {} cannot be written: {error}", path.display()))
    })
}

/// A whole file; `None` where there is none.
pub(super) fn read(path: &Path, largest: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(largest + 1).read_to_end(&mut content)?;
    if content.len() as u64 > largest {
        return Err(io::Error::other(format!("the file {} is too long", path.display())));
    }
    Ok(Some(content))
}

/// Deletes a file; `false` where there was none.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
