use std::path::PathBuf;

use super::*;

fn files(folder: &Path, variables: &[(&str, &str)]) -> CredentialStore {
    store(StorageType::File, Some(folder), variables)
}

/// The encrypted files of a state folder.
pub(super) fn sealed(folder: &Path) -> Vec<PathBuf> {
    let files = fs_err::read_dir(folder.join("credentials")).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sealed"))
        .collect()
}

/// A key file as a person makes one.
fn key_file(path: &Path, content: &[u8]) -> String {
    fs_err::write(path, content).unwrap();
    set_mode(path, 0o600);
    path.display().to_string()
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn set_mode(_path: &Path, _mode: u32) {}

/// A cost that a test can pay.
fn cheap_passphrase(folder: &Path) -> PathBuf {
    let path = folder.join("credentials").join("passphrase.json");
    fs_err::create_dir_all(path.parent().unwrap()).unwrap();
    let salt = "00112233445566778899aabbccddeeff";
    fs_err::write(
        &path,
        format!(
            r#"{{"algorithm":"argon2id","version":19,"memory_kib":64,"passes":1,"lanes":1,"salt":"{salt}"}}"#
        ),
    )
    .unwrap();
    path
}

#[tokio::test]
async fn a_new_process_finds_what_another_kept_and_the_files_hold_no_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &[]).save_tokens(&github(), &tokens("access-secret")).await.unwrap();
    files(folder.path(), &[]).save_client(&github(), &client(&issuer(1), "x")).await.unwrap();
    assert_eq!(
        access(files(folder.path(), &[]).tokens(&github()).await.unwrap()),
        Some("access-secret".into())
    );
    let all = sealed(folder.path());
    assert_eq!(all.len(), 2);
    for path in all {
        let content = fs_err::read(path).unwrap();
        for word in ["secret", "github", "example", "issuer"] {
            assert!(!content.windows(word.len()).any(|window| window == word.as_bytes()), "{word}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let credentials = folder.path().join("credentials");
    fs_err::create_dir_all(&credentials).unwrap();
    set_mode(&credentials, 0o755);
    let store = files(folder.path(), &[]);
    store.save_tokens(&github(), &tokens("x")).await.unwrap();
    store.save_tokens(&github(), &tokens("y")).await.unwrap();
    let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&credentials), 0o700);
    assert_eq!(mode(&credentials.join("key")), 0o600);
    assert_eq!(mode(&sealed(folder.path())[0]), 0o600);
}

#[tokio::test]
async fn a_key_file_is_raw_or_hex_or_base64() {
    let folder = tempfile::tempdir().unwrap();
    let key = [0xfb_u8; 32];
    let forms: [Vec<u8>; 5] = [
        key.to_vec(),
        format!("{}\n", hex::encode(key)).into_bytes(),
        "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=\n".into(),
        "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s".into(),
        "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s=".into(),
    ];
    let path = folder.path().join("my key");
    for (number, form) in forms.iter().enumerate() {
        let store = files(folder.path(), &[("TRAYGATE_KEY_FILE", &key_file(&path, form))]);
        if number == 0 {
            store.save_tokens(&github(), &tokens("x")).await.unwrap();
        }
        assert_eq!(access(store.tokens(&github()).await.unwrap()), Some("x".into()), "{number}");
    }
    assert!(!folder.path().join("credentials/key").exists());

    for nonsense in ["", "short", &"x".repeat(5000)] {
        let store = files(folder.path(), &[("TRAYGATE_KEY_FILE", &key_file(&path, nonsense.as_bytes()))]);
        let error = store.tokens(&github()).await.unwrap_err().to_string();
        assert!(error.contains("my key"), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_key_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my key");
    let named = key_file(&path, &[1; 32]);
    for mode in [0o644, 0o604, 0o602, 0o660] {
        set_mode(&path, mode);
        let store = files(folder.path(), &[("TRAYGATE_KEY_FILE", &named)]);
        let error = store.save_tokens(&github(), &tokens("x")).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the key file {named} can be read by others"), "{mode:o}");
        assert_eq!(error.hint(), format!("Make it yours alone: `chmod 600 {named}`."));
    }
    // A key that the program made itself is watched likewise.
    files(folder.path(), &[]).save_tokens(&github(), &tokens("x")).await.unwrap();
    set_mode(&folder.path().join("credentials/key"), 0o644);
    let error = files(folder.path(), &[]).tokens(&github()).await.unwrap_err();
    assert!(error.to_string().ends_with("can be read by others"), "{error}");
}

#[tokio::test]
async fn a_key_file_that_is_missing_is_told_before_anything_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = files(folder.path(), &[("TRAYGATE_KEY_FILE", "/nowhere/key")]);
    let error = store.tokens(&github()).await.unwrap_err();
    assert_eq!(error.to_string(), "the key file /nowhere/key does not exist");
}

#[tokio::test]
async fn a_passphrase_gives_the_same_key_again_and_another_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let derivation = cheap_passphrase(folder.path());
    let of = |passphrase: &str| files(folder.path(), &[("TRAYGATE_KEY_PASSPHRASE", passphrase)]);
    of("correct horse").save_tokens(&github(), &tokens("x")).await.unwrap();
    assert_eq!(access(of("correct horse").tokens(&github()).await.unwrap()), Some("x".into()));
    let error = of("correct house").tokens(&github()).await.unwrap_err();
    assert!(error.to_string().contains("cannot be decrypted"), "{error}");

    fs_err::write(&derivation, "{}").unwrap();
    let error = of("correct horse").tokens(&github()).await.unwrap_err();
    assert!(error.to_string().contains("passphrase.json is damaged"), "{error}");
    fs_err::remove_file(&derivation).unwrap();
    let error = of("correct horse").tokens(&github()).await.unwrap_err();
    assert!(error.to_string().contains("is lost"), "{error}");
    assert!(!derivation.exists(), "a new salt would hide what is there");
}

#[tokio::test]
async fn the_cost_of_a_passphrase_is_kept_beside_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let of = || files(folder.path(), &[("TRAYGATE_KEY_PASSPHRASE", "correct horse")]);
    assert!(of().tokens(&github()).await.unwrap().is_none());
    assert!(!folder.path().join("credentials").exists(), "a look makes nothing");
    of().save_tokens(&github(), &tokens("x")).await.unwrap();
    let text = fs_err::read_to_string(folder.path().join("credentials/passphrase.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(kept["algorithm"], "argon2id");
    assert_eq!(kept["memory_kib"], 65536);
    assert!(!text.contains("horse"));
}

/// Never another key: it would hide what is there.
#[tokio::test]
async fn a_lost_key_is_told_and_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), &[]).save_tokens(&github(), &tokens("x")).await.unwrap();
    let key = folder.path().join("credentials/key");
    fs_err::rename(&key, folder.path().join("elsewhere")).unwrap();

    let other = id("other", "https://example.com");
    let store = files(folder.path(), &[]);
    for error in [
        store.tokens(&github()).await.unwrap_err(),
        store.tokens(&other).await.unwrap_err(),
        store.save_tokens(&github(), &tokens("y")).await.unwrap_err(),
        store.save_tokens(&other, &tokens("y")).await.unwrap_err(),
    ] {
        let expected =
            format!("the key of the encrypted credentials is lost: {} does not exist", key.display());
        assert_eq!(error.to_string(), expected);
    }
    assert!(!key.exists());
    fs_err::rename(folder.path().join("elsewhere"), &key).unwrap();
    assert_eq!(access(store.tokens(&github()).await.unwrap()), Some("x".into()));

    // The way out: sign out.
    fs_err::remove_file(&key).unwrap();
    let store = files(folder.path(), &[]);
    assert!(store.forget(&github()).await.unwrap());
    store.save_tokens(&github(), &tokens("z")).await.unwrap();
}

#[tokio::test]
async fn a_wrong_key_opens_nothing_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let named = key_file(&path, &[1; 32]);
    files(folder.path(), &[("TRAYGATE_KEY_FILE", &named)])
        .save_tokens(&github(), &tokens("x"))
        .await
        .unwrap();
    let sealed = &sealed(folder.path())[0];
    let before = fs_err::read(sealed).unwrap();

    key_file(&path, &[2; 32]);
    let store = files(folder.path(), &[("TRAYGATE_KEY_FILE", &named)]);
    for error in [
        store.tokens(&github()).await.unwrap_err(),
        store.save_tokens(&github(), &tokens("y")).await.unwrap_err(),
    ] {
        let StoreError::Broken { what, remedy } = error else { panic!("{error}") };
        assert!(what.contains(&sealed.display().to_string()), "{what}");
        assert!(remedy.contains("sign in again"), "{remedy}");
    }
    assert_eq!(fs_err::read(sealed).unwrap(), before);
}

#[tokio::test]
async fn a_file_opens_in_its_own_place_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = files(folder.path(), &[]);
    let evil = id("github", "https://evil.example.com/mcp");
    for id in [&github(), &evil] {
        store.save_tokens(id, &tokens("x")).await.unwrap();
        store.save_client(id, &client(&issuer(1), "x")).await.unwrap();
    }
    let path = |kind, id: &ServerId| {
        let name = Place { kind, id: id.clone() }.file_name();
        folder.path().join("credentials").join(name).with_extension("sealed")
    };
    fs_err::copy(path(Kind::Tokens, &github()), path(Kind::Tokens, &evil)).unwrap();
    assert!(matches!(store.tokens(&evil).await.unwrap_err(), StoreError::Broken { .. }));
    fs_err::copy(path(Kind::Tokens, &github()), path(Kind::Clients, &github())).unwrap();
    assert!(matches!(store.client(&github(), &issuer(1)).await.unwrap_err(), StoreError::Broken { .. }));
    assert!(store.tokens(&github()).await.unwrap().is_some());
}

#[tokio::test]
async fn damage_anywhere_in_a_file_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let store = files(folder.path(), &[]);
    store.save_tokens(&github(), &tokens("x")).await.unwrap();
    let path = &sealed(folder.path())[0];
    let whole = fs_err::read(path).unwrap();
    for place in [0, 30, whole.len() / 2, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        fs_err::write(path, &damaged).unwrap();
        assert!(matches!(store.tokens(&github()).await.unwrap_err(), StoreError::Broken { .. }), "{place}");
    }
    for length in [0, 10, 40, whole.len() - 1] {
        fs_err::write(path, &whole[..length]).unwrap();
        assert!(matches!(store.tokens(&github()).await.unwrap_err(), StoreError::Broken { .. }), "{length}");
    }
    fs_err::write(path, &whole).unwrap();
    assert!(store.tokens(&github()).await.unwrap().is_some());
    // The same text twice is not the same file twice.
    store.save_tokens(&github(), &store.tokens(&github()).await.unwrap().unwrap()).await.unwrap();
    assert_ne!(fs_err::read(path).unwrap()[..60], whole[..60]);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_make_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let saves = (0..8).map(|number| {
        let store = files(folder.path(), &[]);
        async move { store.save_tokens(&id(&format!("s{number}"), "https://example.com"), &tokens("x")).await }
    });
    for saved in futures::future::join_all(saves).await {
        saved.unwrap();
    }
    let store = files(folder.path(), &[]);
    for number in 0..8 {
        let kept = store.tokens(&id(&format!("s{number}"), "https://example.com")).await;
        assert!(kept.unwrap().is_some(), "{number}");
    }
}
