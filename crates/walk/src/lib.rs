//! Drives the real kiosk window the way a person does: through WebDriver, by what stands on the screen.
//!
//! The driver is WebKitWebDriver, which belongs to the very web view that the window uses. It starts the kiosk
//! program itself, in the automation mode that Tauri's own driver uses.

#[cfg(target_os = "linux")]
pub mod hand;
pub mod page;
#[cfg(target_os = "linux")]
pub mod processes;
#[cfg(target_os = "linux")]
pub mod soak;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::error::{CmdError, NewSessionError};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use thiserror::Error;
use tokio::process::{Child, Command};

/// Why a walk could not go on.
#[derive(Debug, Error)]
pub enum WalkError {
    /// The driver program cannot be started.
    #[error("WebKitWebDriver cannot be started (Debian package webkit2gtk-driver)")]
    Driver(#[source] std::io::Error),
    /// The driver does not answer.
    #[error("WebKitWebDriver does not answer")]
    DriverSilent,
    /// The window did not open in time.
    #[error("the kiosk window did not open within {} s", WINDOW_LIMIT.as_secs())]
    WindowSilent,
    /// The window cannot be opened.
    #[error("the kiosk window cannot be opened")]
    Window(#[source] Box<NewSessionError>),
    /// A step failed.
    #[error("the window does not do what was asked: {step}")]
    Step {
        /// What was asked.
        step: String,
        /// Why it failed.
        source: Box<CmdError>,
    },
    /// The expected screen did not come.
    #[error("the screen {expected:?} did not come; {shown:?} is shown")]
    Screen {
        /// What was waited for.
        expected: String,
        /// What is there instead.
        shown: String,
    },
    /// The display does not do what was asked.
    #[error("the display does not do what was asked: {0}")]
    Display(String),
    /// The kiosk cannot be started.
    #[error("the kiosk cannot be started")]
    Kiosk(#[source] std::io::Error),
    /// A picture cannot be written.
    #[error("the picture {path} cannot be written")]
    Picture {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// A place on the page, in pixels from its upper left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From the left.
    pub left_px: i16,
    /// From above.
    pub top_px: i16,
    /// To the right of `left_px`.
    pub width_px: u16,
    /// Below `top_px`.
    pub height_px: u16,
}

impl Place {
    /// Where a finger would touch it.
    pub fn middle_px(self) -> (i16, i16) {
        let half = |size: u16| (size / 2).cast_signed();
        (
            self.left_px.saturating_add(half(self.width_px)),
            self.top_px.saturating_add(half(self.height_px)),
        )
    }
}

/// A kiosk window under WebDriver. Dropping it kills driver and window.
pub struct Walk {
    client: Client,
    _driver: Driver,
}

/// The driver program and what it has started: one process group, killed as a whole.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let group = self
            .0
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // Nothing is left to kill where the window was closed in an orderly way.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

/// A step of a person is answered within this time even on a loaded machine.
pub const STEP_LIMIT: Duration = Duration::from_secs(30);
/// The kiosk reads its models while it opens the window.
const WINDOW_LIMIT: Duration = Duration::from_secs(120);

impl Walk {
    /// Starts `kiosk --config config` under a driver on a free port, and waits for its window.
    ///
    /// A display must be there (`DISPLAY`).
    pub async fn start(kiosk: &Path, config: &Path) -> Result<Self, WalkError> {
        Self::start_within(kiosk, config, &[]).await
    }

    /// As [`Walk::start`], with these folders in the environment of driver and kiosk.
    pub async fn start_within(
        kiosk: &Path,
        config: &Path,
        folders: &[(&str, &Path)],
    ) -> Result<Self, WalkError> {
        let port = free_port().map_err(WalkError::Driver)?;
        let driver = Command::new("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .envs(folders.iter().copied())
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Driver)
            .map_err(WalkError::Driver)?;
        wait_for_port(port).await?;
        let options = serde_json::json!({
            "webkitgtk:browserOptions": { "binary": kiosk, "args": ["--config", config] }
        });
        let serde_json::Value::Object(capabilities) = options else {
            return Err(WalkError::DriverSilent);
        };
        let address = format!("http://127.0.0.1:{port}");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let connecting = builder.capabilities(capabilities).connect(&address);
        let client = tokio::time::timeout(WINDOW_LIMIT, connecting)
            .await
            .map_err(|_| WalkError::WindowSilent)?
            .map_err(|error| WalkError::Window(Box::new(error)))?;
        Ok(Self {
            client,
            _driver: driver,
        })
    }

    /// The WebDriver client, for what has no method here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Touches the element with this `data-testid`, once it is there and can be touched.
    pub async fn touch(&self, test_id: &str) -> Result<(), WalkError> {
        let step = || format!("touch {test_id}");
        let selector = format!("[data-testid='{test_id}']:not([disabled])");
        let element = self
            .client
            .wait()
            .at_most(STEP_LIMIT)
            .for_element(Locator::Css(&selector))
            .await
            .map_err(|source| WalkError::Step {
                step: step(),
                source: Box::new(source),
            })?;
        element.click().await.map_err(|source| WalkError::Step {
            step: step(),
            source: Box::new(source),
        })
    }

    /// Where an element stands that can be touched.
    pub async fn place_of(&self, test_id: &str) -> Result<Place, WalkError> {
        let step = |source| WalkError::Step {
            step: format!("find {test_id}"),
            source: Box::new(source),
        };
        let selector = format!("[data-testid='{test_id}']:not([disabled])");
        let waiting = self.client.wait().at_most(STEP_LIMIT);
        waiting.for_element(Locator::Css(&selector)).await.map_err(step)?;
        let script = "const box = document.querySelector(arguments[0]).getBoundingClientRect();
                      const [left, top] = [box.left, box.top].map(Math.ceil);
                      return [left, top, Math.floor(box.right) - left, Math.floor(box.bottom) - top];";
        let place = self.client.execute(script, vec![selector.into()]).await;
        let (left_px, top_px, width_px, height_px) =
            serde_json::from_value(place.map_err(step)?).map_err(|error| step(error.into()))?;
        Ok(Place {
            left_px,
            top_px,
            width_px,
            height_px,
        })
    }

    /// The name of the screen that is shown, empty before the first.
    pub async fn screen(&self) -> Result<String, WalkError> {
        self.attribute("data-screen").await
    }

    /// An attribute of the screen's root element, empty where there is none.
    pub async fn attribute(&self, name: &str) -> Result<String, WalkError> {
        let script = "const root = document.querySelector('[data-screen]');
                      return root ? (root.getAttribute(arguments[0]) ?? '') : '';";
        let value = self
            .client
            .execute(script, vec![name.into()])
            .await
            .map_err(|source| WalkError::Step {
                step: format!("read {name}"),
                source: Box::new(source),
            })?;
        Ok(value.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until one of these screens is shown, and says which. Longer than `limit` only while there is no screen at all: a
    /// kiosk opens models and store beside its window.
    pub async fn wait_for(&self, screens: &[&str], limit: Duration) -> Result<String, WalkError> {
        let start = tokio::time::Instant::now();
        loop {
            let shown = self.screen().await?;
            if screens.contains(&shown.as_str()) {
                return Ok(shown);
            }
            let limit = if shown.is_empty() {
                limit.max(WINDOW_LIMIT)
            } else {
                limit
            };
            if start.elapsed() >= limit {
                return Err(WalkError::Screen {
                    expected: screens.join(" or "),
                    shown,
                });
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until a fresh page has taken the place of all earlier ones, as between two persons, and goes on in it. `old` is
    /// the handle of the page that goes; gives that of the fresh one.
    pub async fn follow_from(&self, old: &str) -> Result<String, WalkError> {
        let end = tokio::time::Instant::now() + WINDOW_LIMIT;
        loop {
            // While a page is being closed the driver may not know what to answer.
            let windows = self.client.windows().await;
            let fresh = match windows.as_deref() {
                Ok([one]) if String::from(one.clone()) != old => Some(one.clone()),
                _ => None,
            };
            if let Some(fresh) = fresh
                && self.client.switch_to_window(fresh.clone()).await.is_ok()
            {
                return Ok(fresh.into());
            }
            if tokio::time::Instant::now() >= end {
                return Err(WalkError::Screen {
                    expected: "a fresh page".into(),
                    shown: format!("{windows:?}"),
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The handle of the page that is driven, for [`Walk::follow_from`].
    pub async fn handle(&self) -> Result<String, WalkError> {
        let handle = self.client.window().await.map_err(|source| WalkError::Step {
            step: "ask for the page".into(),
            source: Box::new(source),
        })?;
        Ok(handle.into())
    }

    /// Goes from the welcome screen to the method screen, as the person with this IIN.
    pub async fn identify_as(&self, service: &str, iin: &str) -> Result<(), WalkError> {
        self.wait_for(&["welcome"], STEP_LIMIT).await?;
        self.touch("begin").await?;
        self.choose(service).await?;
        self.fill_in(&[]).await?;
        self.enter_iin(iin).await?;
        self.wait_for(&["method"], STEP_LIMIT).await?;
        Ok(())
    }

    /// Says yes to consents and answers fields, as [`Walk::answer_field`] does, until another screen is shown; gives its
    /// name.
    pub async fn fill_in(&self, answers: &[(&str, &str)]) -> Result<String, WalkError> {
        loop {
            let shown = self
                .wait_for(&["consent", "field", "claim", "outcome"], STEP_LIMIT)
                .await?;
            match shown.as_str() {
                "consent" => {
                    let text = self.attribute("data-consent").await?;
                    self.touch("consent-agree").await?;
                    self.wait_for_change("data-consent", &text).await?;
                }
                "field" => {
                    self.answer_field(answers).await?;
                }
                _ => return Ok(shown),
            }
        }
    }

    /// Chooses a service, wherever on the pages of the service screen it is offered.
    pub async fn choose(&self, service: &str) -> Result<(), WalkError> {
        self.wait_for(&["service"], STEP_LIMIT).await?;
        let (wanted, own_data) = (format!("service-{service}"), "own-data".to_owned());
        loop {
            if self.is_there(&wanted).await? {
                return self.touch(&wanted).await;
            }
            // Pages first, then what stands under one's own data.
            if self.is_there("page-next").await? {
                let page = self.value_of("page", "data-page").await?;
                self.touch("page-next").await?;
                self.wait_for_other("page", "data-page", &page).await?;
            } else {
                self.touch(&own_data).await?;
                self.wait_for_value("data-list", "own-data", STEP_LIMIT).await?;
            }
        }
    }

    /// Answers the field that is shown with what stands for its name in `answers`, or with something right for its kind;
    /// gives the name. An empty answer leaves the field out.
    pub async fn answer_field(&self, answers: &[(&str, &str)]) -> Result<String, WalkError> {
        let field = self.attribute("data-field").await?;
        let input = self.attribute("data-input").await?;
        let given = answers
            .iter()
            .find(|(name, _)| *name == field)
            .map(|(_, value)| *value);
        if given == Some("") {
            self.touch("field-skip").await?;
        } else if input == "choice" {
            let choice = match given {
                Some(name) => format!("choice-{name}"),
                None => self.first_of("choice-").await?,
            };
            self.touch(&choice).await?;
        } else {
            let value = given.unwrap_or(match input.as_str() {
                "amount" => "2000000",
                "count" => "3",
                "phone" => "7012345678",
                "bin" => "050140000001",
                "card-number" => "041236587",
                _ => "алма",
            });
            self.type_on_screen(value).await?;
            self.touch("field-next").await?;
        }
        self.wait_for_change("data-field", &field).await?;
        Ok(field)
    }

    /// Touches the keys of a text on the keyboard or keypad that is shown. Of each letter it is the key, whose case the
    /// keyboard chooses.
    pub async fn type_on_screen(&self, text: &str) -> Result<(), WalkError> {
        for symbol in text.chars().flat_map(char::to_lowercase) {
            let key = match symbol {
                ' ' => "key-space".to_owned(),
                '-' => "key-hyphen".to_owned(),
                '<' => "key-filler".to_owned(),
                ',' => "key-comma".to_owned(),
                '.' => "key-dot".to_owned(),
                _ => format!("key-{symbol}"),
            };
            self.touch(&key).await?;
        }
        Ok(())
    }

    /// Whether there is an element with this `data-testid` that can be touched.
    pub async fn is_there(&self, test_id: &str) -> Result<bool, WalkError> {
        let script =
            "return document.querySelector(`[data-testid='${arguments[0]}']:not([disabled])`) !== null;";
        let found = self.execute("look for an element", script, test_id).await?;
        Ok(found.as_bool().unwrap_or_default())
    }

    /// The text of the element with this `data-testid`, as it is shown.
    pub async fn text_of(&self, test_id: &str) -> Result<String, WalkError> {
        let script = "const found = document.querySelector(`[data-testid='${arguments[0]}']`);
                      return found ? found.innerText : '';";
        let found = self.execute("read a text", script, test_id).await?;
        Ok(found.as_str().unwrap_or_default().trim().to_owned())
    }

    /// The first `data-testid` that begins so.
    async fn first_of(&self, prefix: &str) -> Result<String, WalkError> {
        let script = "const first = document.querySelector(`[data-testid^='${arguments[0]}']`);
                      return first ? first.dataset.testid : '';";
        let found = self.execute("look for an element", script, prefix).await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    /// An attribute of the element with this `data-testid`, empty where there is none.
    pub async fn value_of(&self, test_id: &str, attribute: &str) -> Result<String, WalkError> {
        let script = "const [id, name] = arguments[0].split(' ');
                      const found = document.querySelector(`[data-testid='${id}']`);
                      return found ? (found.getAttribute(name) ?? '') : '';";
        let found = self
            .execute("read an attribute", script, &format!("{test_id} {attribute}"))
            .await?;
        Ok(found.as_str().unwrap_or_default().to_owned())
    }

    async fn wait_for_other(&self, test_id: &str, attribute: &str, old: &str) -> Result<(), WalkError> {
        let end = tokio::time::Instant::now() + STEP_LIMIT;
        while self.value_of(test_id, attribute).await? == old {
            if tokio::time::Instant::now() >= end {
                return Err(WalkError::Screen {
                    expected: format!("another {attribute} of {test_id}"),
                    shown: old.to_owned(),
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    async fn execute(
        &self,
        step: &str,
        script: &str,
        argument: &str,
    ) -> Result<serde_json::Value, WalkError> {
        let done = self.client.execute(script, vec![argument.into()]).await;
        done.map_err(|source| WalkError::Step {
            step: step.to_owned(),
            source: Box::new(source),
        })
    }

    /// Types an IIN on the on-screen keypad and goes on.
    pub async fn enter_iin(&self, iin: &str) -> Result<(), WalkError> {
        self.type_on_screen(iin).await?;
        self.touch("claim-next").await
    }

    /// Presses and releases a key of a physical keyboard, wherever the focus is: a character, or `Tab`, `Enter`,
    /// `Backspace`, `ArrowDown`, `F6` to `F10`.
    pub async fn press(&self, name: &str) -> Result<(), WalkError> {
        let key = match name {
            "Tab" => Key::Tab.into(),
            "Enter" => Key::Enter.into(),
            "Backspace" => Key::Backspace.into(),
            "ArrowDown" => Key::Down.into(),
            "F6" => Key::F6.into(),
            "F7" => Key::F7.into(),
            "F8" => Key::F8.into(),
            "F9" => Key::F9.into(),
            "F10" => Key::F10.into(),
            _ => name.chars().next().unwrap_or_default(),
        };
        let keys = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key });
        let pressed = self.client.perform_actions(keys).await;
        pressed.map_err(|source| WalkError::Step {
            step: format!("press {name}"),
            source: Box::new(source),
        })
    }

    /// Waits until an attribute of the screen has this value.
    pub async fn wait_for_value(
        &self,
        attribute: &str,
        value: &str,
        limit: Duration,
    ) -> Result<(), WalkError> {
        let end = tokio::time::Instant::now() + limit;
        loop {
            let shown = self.attribute(attribute).await?;
            if shown == value {
                return Ok(());
            }
            if tokio::time::Instant::now() >= end {
                return Err(WalkError::Screen {
                    expected: format!("{attribute}={value}"),
                    shown,
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until an attribute of the screen is no longer `old`, or another screen is shown.
    pub async fn wait_for_change(&self, attribute: &str, old: &str) -> Result<String, WalkError> {
        let end = tokio::time::Instant::now() + STEP_LIMIT;
        loop {
            let value = self.attribute(attribute).await?;
            if value != old {
                return Ok(value);
            }
            if tokio::time::Instant::now() >= end {
                return Err(WalkError::Screen {
                    expected: format!("a change of {attribute}"),
                    shown: value,
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until what stands on the page now has been painted, and what follows from its sizes is there.
    pub async fn painted(&self) -> Result<(), WalkError> {
        // A frame that is asked for now is painted with the page as it is now; the one after it begins when that
        // one is done.
        let painted = "const done = arguments[arguments.length - 1];
                       requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        self.client
            .execute_async(painted, vec![])
            .await
            .map_err(|source| WalkError::Step {
                step: "wait for a frame".into(),
                source: Box::new(source),
            })?;
        Ok(())
    }

    /// Writes a picture of the window, once what stands on it now has been painted.
    pub async fn picture(&self, path: &Path) -> Result<(), WalkError> {
        self.painted().await?;
        // Without a graphics processor the web view tells the driver of a page only when it paints one, and of a page
        // that stands still it would never tell: so a dot that nobody sees is painted meanwhile.
        let paint = "const dot = document.createElement('i');
                     dot.id = 'painted-meanwhile';
                     dot.setAttribute('aria-hidden', 'true');
                     dot.style.cssText = 'position:fixed;right:0;bottom:0;width:1px;height:1px;pointer-events:none';
                     let seen = false;
                     dot.painting = setInterval(() => {
                         seen = !seen;
                         dot.style.backgroundColor = seen ? 'rgba(0,0,0,0.004)' : 'transparent';
                     }, 20);
                     document.body.append(dot);";
        let rest = "const dot = document.getElementById('painted-meanwhile');
                    if (dot) {
                        clearInterval(dot.painting);
                        dot.remove();
                    }";
        let failed = |source| WalkError::Step {
            step: "take a picture".into(),
            source: Box::new(source),
        };
        self.client.execute(paint, vec![]).await.map_err(failed)?;
        let png = self.client.screenshot().await.map_err(failed)?;
        self.client.execute(rest, vec![]).await.map_err(failed)?;
        let failed = |source| WalkError::Picture {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(path, png).map_err(failed)
    }

    /// Closes the window and the driver.
    pub async fn close(self) -> Result<(), WalkError> {
        let closed = self.client.clone().close().await;
        closed.map_err(|source| WalkError::Step {
            step: "close the window".into(),
            source: Box::new(source),
        })
    }
}

/// A CSS selector, for [`Walk::client`].
pub fn css(selector: &str) -> Locator<'_> {
    Locator::Css(selector)
}

fn free_port() -> std::io::Result<u16> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?
        .local_addr()?
        .port())
}

async fn wait_for_port(port: u16) -> Result<(), WalkError> {
    let end = tokio::time::Instant::now() + STEP_LIMIT;
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if tokio::time::Instant::now() >= end {
            return Err(WalkError::DriverSilent);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
