//! How a screen is looked at: language, colours, size of the text, place of the controls, size of the window.

use ipc::{Display, Language};
use walk::{Walk, WalkError};

use crate::StageError;

/// A size of the window, and the screen on which it is taken to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Diagonal of the screen.
    pub diagonal_inch: f64,
    /// From the floor to the lowest pixel.
    pub bottom_edge_mm: f64,
}

impl Size {
    /// The usual kiosk: 32 inches, standing.
    pub const UPRIGHT: Self = Self {
        width: 1080,
        height: 1920,
        diagonal_inch: 32.0,
        bottom_edge_mm: 700.0,
    };
    /// On a desk: 17 inches, five by four.
    pub const DESK: Self = Self {
        width: 1280,
        height: 1024,
        diagonal_inch: 17.0,
        bottom_edge_mm: 800.0,
    };
    /// On a wall: 24 inches, lying.
    pub const WIDE: Self = Self {
        width: 1920,
        height: 1080,
        diagonal_inch: 24.0,
        bottom_edge_mm: 850.0,
    };
    /// All of them.
    pub const ALL: [Self; 3] = [Self::UPRIGHT, Self::DESK, Self::WIDE];

    /// The screen.
    pub fn display(self) -> Display {
        let diagonal_px = f64::from(self.width).hypot(f64::from(self.height));
        Display {
            px_per_mm: diagonal_px / (self.diagonal_inch * 25.4),
            bottom_edge_mm: Some(self.bottom_edge_mm),
        }
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// The ordinary ones.
    Normal,
    /// High contrast.
    High,
}

/// Size of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextSize {
    /// The ordinary one.
    Normal,
    /// Twice as large.
    Large,
}

/// How a screen is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Language of the texts.
    pub language: Language,
    /// Colours.
    pub contrast: Contrast,
    /// Size of the texts.
    pub text: TextSize,
    /// Whether the controls are lowered.
    pub low: bool,
}

impl Look {
    /// Ordinary colours in this language.
    pub fn plain(language: Language) -> Self {
        Self {
            language,
            contrast: Contrast::Normal,
            text: TextSize::Normal,
            low: false,
        }
    }

    /// In every language and contrast, with the ordinary sizes.
    pub fn all() -> Vec<Self> {
        let languages = [Language::Kk, Language::Ru, Language::En];
        let contrasts = [Contrast::Normal, Contrast::High];
        contrasts
            .into_iter()
            .flat_map(|contrast| {
                languages.map(|language| Self {
                    contrast,
                    ..Self::plain(language)
                })
            })
            .collect()
    }

    /// Presses the switches of the page until it looks so.
    pub(crate) async fn choose(self, walk: &Walk) -> Result<(), StageError> {
        let contrast = match self.contrast {
            Contrast::Normal => "normal",
            Contrast::High => "high",
        };
        let text = match self.text {
            TextSize::Normal => "normal",
            TextSize::Large => "large",
        };
        let reach = if self.low { "low" } else { "whole" };
        // By the page's own handlers, also where the warning of an idle session covers the switches.
        let script = format!(
            "const root = document.documentElement.dataset;
             const press = (name, is, wanted) => {{
                 if (is !== wanted) document.querySelector(`[data-testid='${{name}}']`)?.click();
             }};
             press('contrast', root.contrast ?? 'normal', '{contrast}');
             press('large-text', root.text ?? 'normal', '{text}');
             press('low', root.reach ?? 'whole', '{reach}');
             return true;"
        );
        ask(walk, &script).await.map(|_| ())
    }
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let language = match self.language {
            Language::Kk => "kk",
            Language::Ru => "ru",
            Language::En => "en",
        };
        let contrast = match self.contrast {
            Contrast::Normal => "normal",
            Contrast::High => "high",
        };
        write!(f, "{language}-{contrast}")?;
        if self.text == TextSize::Large {
            f.write_str("-large")?;
        }
        if self.low {
            f.write_str("-low")?;
        }
        Ok(())
    }
}

/// The answer of a script in the page.
pub(crate) async fn ask(walk: &Walk, script: &str) -> Result<serde_json::Value, StageError> {
    let answer = walk.client().execute(script, vec![]).await;
    answer.map_err(|source| {
        StageError::Walk(WalkError::Step {
            step: "ask the page".into(),
            source: Box::new(source),
        })
    })
}
