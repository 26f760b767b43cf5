//! Traygate in the system tray: the life of the process, on one page.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod arguments;
mod display;
mod log;
mod menu;
mod smoke;
mod tray;

use std::{ffi::OsString, process::ExitCode, time::Duration};

use anyhow::Context as _;
use tauri::{AppHandle, RunEvent};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use traygate_gateway::{ConfigSource, Folders, Gateway, Logging, Options, Signals, inherited};
use traygate_upstream::{Environment, guardian_main, login_shell_path};

use arguments::Arguments;
use tray::Tray;

/// Everything ends within this time after it was asked for, whatever hangs.
const END: Duration = Duration::from_secs(5);

fn main() -> ExitCode {
    // First of all: this same program is started again to guard the children.
    if let Some(code) = guardian_main() {
        return code;
    }
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            if error.use_stderr() {
                display::tell(&error.render().to_string());
            }
            return u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let folders = Folders::system();
    let logging = log::start(arguments.log_level, folders.as_ref());
    match live(&arguments, folders, &logging) {
        Ok(code) => code,
        Err(error) => {
            let problem = format!("{error:#}");
            tracing::error!("{problem}");
            // Whoever tests the start reads the exit code.
            if !arguments.smoke {
                display::tell(&problem);
            }
            ExitCode::FAILURE
        }
    }
}

fn live(arguments: &Arguments, folders: Option<Folders>, logging: &Logging) -> anyhow::Result<ExitCode> {
    display::required()?;
    let folders = folders.context("This user has no home folder. Set HOME.")?;
    // Fails only where one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().context("No threads for the gateway")?;
    tauri::async_runtime::set(runtime.handle().clone());
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    // Takes as long as the user's start files take: beside tauri's own start.
    let path = tasks.spawn_on(children_path(), runtime.handle());

    // A second instance ends in here, with 0: before it could take a port or start a server.
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_single_instance::init(|_, _, _| tracing::info!("Traygate is already running")))
        .plugin(tauri_plugin_opener::init())
        .plugin(tauri_plugin_clipboard_manager::init())
        .build(tauri::generate_context!())?;

    // The gateway serves before there is an icon, and whether or not there will be one.
    let gateway = runtime.block_on(async {
        let path = path.await.ok().flatten();
        anyhow::Ok(Gateway::start(options(arguments, folders, path)?).await?)
    })?;
    if let (None, Some(Ok(level))) = (arguments.log_level, gateway.log_level().map(str::parse)) {
        logging.set(level);
    }
    tracing::info!("Traygate serves at {}", gateway.url());

    let signals = runtime.block_on(async { Signals::take() }).context("Signals cannot be received")?;
    let quit = quit_on_signal(app.handle().clone(), signals);
    tasks.spawn_on(stop.clone().run_until_cancelled_owned(quit), runtime.handle());
    let warning = display::warn_without_tray(gateway.url());
    tasks.spawn_on(stop.clone().run_until_cancelled_owned(warning), runtime.handle());
    let (url, hub, smoke) =
        (gateway.url(), gateway.hub().clone(), arguments.smoke.then_some(gateway.addresses()[0]));
    let code = app.run_return({
        let (stop, tasks, runtime) = (stop.clone(), tasks.clone(), runtime.handle().clone());
        move |app, event| match event {
            RunEvent::Ready => match Tray::new(app, &url) {
                Ok(tray) => {
                    tasks.spawn_on(tray.follow(hub.clone(), stop.clone()), &runtime);
                    if let Some(address) = smoke {
                        tasks.spawn_on(smoke::test(app.clone(), address), &runtime);
                    }
                }
                Err(error) => {
                    tracing::error!(
                        "The tray icon could not be made: {error}. Traygate serves at {url} all the same; Ctrl-C or \
                         SIGTERM ends it."
                    );
                    if smoke.is_some() {
                        app.exit(1);
                    }
                }
            },
            // The last window closed. The tray stays; only Quit, a signal and the end of the session come with a code.
            RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
            _ => {}
        }
    });

    stop.cancel();
    tasks.close();
    let end = async {
        gateway.shutdown().await;
        tasks.wait().await;
    };
    if runtime.block_on(async { timeout(END, end).await }).is_err() {
        tracing::warn!("not everything ended in time");
    }
    // What still blocks a thread (a keychain, a slow disk) must not keep the process.
    runtime.shutdown_background();
    Ok(u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// What the children's PATH is where it is not our own: started by a desktop and not by a shell, ours lacks what the
/// user's shell adds to it, `npx` and `uvx` often.
async fn children_path() -> Option<OsString> {
    if std::env::var_os("TERM").is_some() {
        return None;
    }
    login_shell_path().await
}

fn options(arguments: &Arguments, folders: Folders, path: Option<OsString>) -> anyhow::Result<Options> {
    let file = if let Some(file) = &arguments.config {
        file.clone()
    } else {
        folders.write_starter()?;
        folders.config_file()
    };
    let mut variables = inherited(std::env::vars_os());
    variables.extend(path.map(|path| ("PATH".into(), path)));
    let environment = Environment::new(variables, Some(folders.state));
    // No key of its own yet: the gateway refuses to listen beyond this machine without one in the file.
    let mut options = Options::new(ConfigSource::File(file), environment);
    options.port = arguments.port;
    options.runtime_dir = Some(folders.runtime);
    Ok(options)
}

/// Quits as the menu does when the system or a terminal asks for it.
async fn quit_on_signal(app: AppHandle, mut signals: Signals) {
    signals.next().await;
    app.exit(0);
}
