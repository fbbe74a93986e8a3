//! What the puppet does, when.

/// Frames a second.
pub(crate) const FPS: u32 = 30;

/// How far everything is moved in one frame.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Posture {
    /// To the subject's own left.
    pub(crate) yaw_deg: f32,
    /// Upwards.
    pub(crate) pitch_deg: f32,
    /// 0 for open eyes, 1 for closed ones.
    pub(crate) lids: f32,
    /// 0 for the mouth of the portrait, 1 for a wide open one.
    pub(crate) mouth: f32,
    /// 0 for the neutral mouth, 1 for a broad smile.
    pub(crate) smile: f32,
    /// Sway of the whole head, in parts of the face's width.
    pub(crate) sway: (f32, f32),
}

/// One action of the script.
struct Act {
    /// As in the list of clips.
    kind: &'static str,
    full: Posture,
    rise_frames: u32,
    hold_frames: u32,
    fall_frames: u32,
}

/// Something that is to be seen in a range of frames, as in the list of clips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: &'static str,
    pub(crate) first: u32,
    pub(crate) last: u32,
    pub(crate) peak: Option<u32>,
}

/// The whole clip.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) postures: Vec<Posture>,
    pub(crate) events: Vec<Event>,
}

/// Rest between two actions.
const REST_FRAMES: u32 = 36;
const NEUTRAL: Posture = Posture {
    yaw_deg: 0.0,
    pitch_deg: 0.0,
    lids: 0.0,
    mouth: 0.0,
    smile: 0.0,
    sway: (0.0, 0.0),
};

/// Every action once, with rest between them. The motion is larger than it looks natural, since the mesh follows
/// a warped picture less than a head.
fn acts() -> [Act; 7] {
    let head = |kind, full| Act {
        kind,
        full,
        rise_frames: 20,
        hold_frames: 15,
        fall_frames: 20,
    };
    let mimic = |kind, full| Act {
        kind,
        full,
        rise_frames: 10,
        hold_frames: 18,
        fall_frames: 10,
    };
    [
        head(
            "turn_image_right",
            Posture {
                yaw_deg: 30.0,
                ..NEUTRAL
            },
        ),
        head(
            "turn_image_left",
            Posture {
                yaw_deg: -30.0,
                ..NEUTRAL
            },
        ),
        head(
            "look_up",
            Posture {
                pitch_deg: 20.0,
                ..NEUTRAL
            },
        ),
        head(
            "head_down",
            Posture {
                pitch_deg: -17.0,
                ..NEUTRAL
            },
        ),
        Act {
            kind: "blink",
            full: Posture { lids: 1.0, ..NEUTRAL },
            rise_frames: 4,
            hold_frames: 6,
            fall_frames: 5,
        },
        mimic(
            "mouth_open",
            Posture {
                mouth: 1.0,
                ..NEUTRAL
            },
        ),
        mimic(
            "smile",
            Posture {
                smile: 1.0,
                ..NEUTRAL
            },
        ),
    ]
}

/// Writes the script down frame by frame.
pub(crate) fn script() -> Script {
    let mut script = Script {
        postures: Vec::new(),
        events: Vec::new(),
    };
    script.rest();
    for act in acts() {
        script.act(&act);
        script.rest();
    }
    for (frame, posture) in script.postures.iter_mut().enumerate() {
        let wave = |period_s: f32| (frame as f32 / FPS as f32 / period_s * std::f32::consts::TAU).sin();
        posture.yaw_deg += 1.0 * wave(4.1);
        posture.pitch_deg += 0.7 * wave(3.3);
        posture.sway = (0.006 * wave(5.3), 0.004 * wave(2.9));
    }
    script
}

impl Script {
    fn rest(&mut self) {
        let first = self.length();
        self.postures
            .extend(std::iter::repeat_n(NEUTRAL, REST_FRAMES as usize));
        self.events.push(Event {
            kind: "frontal",
            first,
            last: self.length() - 1,
            peak: None,
        });
    }

    fn act(&mut self, act: &Act) {
        let first = self.length();
        let part = |frame: u32, of: u32| smooth((frame + 1) as f32 / (of + 1) as f32);
        self.postures
            .extend((0..act.rise_frames).map(|frame| act.full.scaled(part(frame, act.rise_frames))));
        self.postures.extend((0..act.hold_frames).map(|_| act.full));
        let peak = Some(self.length() - act.hold_frames / 2 - 1);
        self.postures.extend(
            (0..act.fall_frames)
                .rev()
                .map(|frame| act.full.scaled(part(frame, act.fall_frames))),
        );
        self.events.push(Event {
            kind: act.kind,
            first,
            last: self.length() - 1,
            peak,
        });
    }

    /// Frames so far.
    pub(crate) fn length(&self) -> u32 {
        self.postures.len() as u32
    }
}

impl Posture {
    fn scaled(self, part: f32) -> Self {
        Self {
            yaw_deg: self.yaw_deg * part,
            pitch_deg: self.pitch_deg * part,
            lids: self.lids * part,
            mouth: self.mouth * part,
            smile: self.smile * part,
            sway: self.sway,
        }
    }
}

/// 0 to 1 without a jerk at either end.
pub(crate) fn smooth(part: f32) -> f32 {
    let part = part.clamp(0.0, 1.0);
    part * part * (3.0 - 2.0 * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_stands_between_two_rests() {
        let script = script();
        let kinds: Vec<&str> = script.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds.len(), 15);
        assert!(kinds.iter().step_by(2).all(|kind| *kind == "frontal"));
        assert!(kinds.iter().skip(1).step_by(2).all(|kind| *kind != "frontal"));
        let mut next = 0;
        for event in &script.events {
            assert_eq!(event.first, next);
            assert!(
                event
                    .peak
                    .is_none_or(|peak| (event.first..=event.last).contains(&peak))
            );
            next = event.last + 1;
        }
        assert_eq!(next, script.length());
        assert!(
            (15..=30).contains(&(script.length() / FPS)),
            "{} frames",
            script.length()
        );
    }

    #[test]
    fn nothing_moves_in_jerks() {
        let script = script();
        for pair in script.postures.windows(2) {
            assert!((pair[0].yaw_deg - pair[1].yaw_deg).abs() < 4.0);
            assert!((pair[0].pitch_deg - pair[1].pitch_deg).abs() < 3.0);
            assert!((pair[0].mouth - pair[1].mouth).abs() < 0.2);
        }
    }
}
