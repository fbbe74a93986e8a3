//! How the kiosk behaves around its sessions: the table `[behaviour]` of the configuration.

use std::time::Duration;

use serde::Deserialize;

use crate::pages::machine::Rules;

/// What stands in the table. Each key may be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behaviour {
    /// The attract screen comes when nobody has touched the welcome screen for this long; 0 is never.
    pub attract_after_s: u32,
    /// Each session ends with a fresh page in a fresh web process. Production wants it.
    pub fresh_page: bool,
    /// A page that nobody has used for this long is replaced too; 0 is never.
    pub fresh_page_idle_min: u32,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            attract_after_s: 90,
            fresh_page: true,
            fresh_page_idle_min: 360,
        }
    }
}

impl Behaviour {
    /// When the attract screen comes, if ever.
    pub fn attract_after(&self) -> Option<Duration> {
        (self.attract_after_s > 0).then(|| Duration::from_secs(self.attract_after_s.into()))
    }

    /// When a page is replaced.
    pub fn rules(&self) -> Rules {
        let idle = u64::from(self.fresh_page_idle_min) * 60;
        Rules {
            after_sessions: self.fresh_page,
            after_idle: (idle > 0).then(|| Duration::from_secs(idle)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_never() {
        let read: Behaviour =
            toml::from_str("attract_after_s = 0\nfresh_page_idle_min = 0\nfresh_page = false").unwrap();
        assert_eq!(read.attract_after(), None);
        assert_eq!(
            read.rules(),
            Rules {
                after_sessions: false,
                after_idle: None
            }
        );
        let read: Behaviour = toml::from_str("").unwrap();
        assert_eq!(read, Behaviour::default());
        assert!(toml::from_str::<Behaviour>("attract = 1").is_err());
    }
}
