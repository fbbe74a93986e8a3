//! Every screen in the real web view: whether it fits, is large enough, can be reached, and shuts nobody out.
//!
//! A display must be there, and axe-core (`ALAQAN_AXE`); `cargo xtask test` brings both.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod common;

use std::time::Duration;

use common::{find, found, in_each_language, nothing, out_of_reach, tell};
use ipc::{Intent, Language};
use serde_json::json;
use stage::fixtures::{self, Fixture, all, telling};
use stage::{Contrast, Look, Size, Stage, TextSize};
use walk::STEP_LIMIT;
use walk::page::misfits;

/// Labels of ordinary size that are broken into lines, and ways of one list that are not equally high.
const UNCALM: &str = r"
    const bad = [];
    const wide = innerWidth / innerHeight >= 1.5;
    const labels = document.querySelectorAll(`.actions .button span, .pager p${wide ? ', .toolbar .chip span' : ''}`);
    const range = document.createRange();
    for (const label of labels) {
        range.selectNodeContents(label);
        const lines = new Set([...range.getClientRects()].map((line) => Math.round(line.top)));
        if (lines.size > 1) bad.push('broken: ' + label.textContent.trim());
    }
    const ways = [...document.querySelectorAll('.cards--few:has(.card-group:nth-child(5)) .card')];
    const heights = ways.map((way) => way.getBoundingClientRect().height);
    if (Math.max(...heights) - Math.min(...heights) > 1) bad.push('ways of different heights: ' + heights.join());
    return bad;";

#[test]
fn every_screen_fits_in_each_size_and_language() {
    let script = format!(
        "return [...(() => {{ {} }})(), ...(() => {{ {UNCALM} }})()];",
        misfits(false)
    );
    for size in Size::ALL {
        tell(size, async |stage| {
            let found = find(stage, &all(), &in_each_language(|_| {}), &script).await;
            let found: Vec<String> = found.iter().map(|found| format!("{size} {found}")).collect();
            nothing(&found);
        });
    }
}

/// Screens on which a session goes on. What has failed or ended says so instead.
const ON_THE_WAY: [&str; 12] = [
    "service",
    "consent",
    "field",
    "claim",
    "operator",
    "method",
    "phone",
    "assisted",
    "call-back",
    "images",
    "face",
    "palm",
];

/// Gives nothing where the screen says in words how far it is: the step, the question, the attempt, the picture, or what is left.
const HOW_FAR: &str = r"
    const says = [...document.querySelectorAll('.steps__words, .capture__attempt, [data-testid=left]')];
    return says.some((words) => /\d/.test(words.textContent) && words.getClientRects().length > 0) ? [] : ['says nothing of how far it is'];";

#[test]
fn every_screen_on_the_way_says_how_far_it_is() {
    tell(Size::DESK, async |stage| {
        let mut on_the_way = all();
        on_the_way.retain(|fixture| ON_THE_WAY.contains(&fixture.kind()));
        for kind in ON_THE_WAY {
            assert!(on_the_way.iter().any(|fixture| fixture.kind() == kind), "{kind}");
        }
        nothing(&find(stage, &on_the_way, &in_each_language(|_| {}), HOW_FAR).await);
    });
}

/// The spacing that WCAG 1.4.12 names, on everything.
const SPACED: &str = r"
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
                       p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = [sheet];
    const style = getComputedStyle(document.body);
    return Math.abs(parseFloat(style.letterSpacing) / parseFloat(style.fontSize) - 0.12) < 0.01;";

/// Lines of text that something else covers, or of which a part is cut off where nothing scrolls.
const LOST: &str = r"
    const bad = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    while (texts.nextNode()) {
        const words = texts.currentNode.textContent.trim();
        const element = texts.currentNode.parentElement;
        // What the warning covers waits for it.
        if (!words || element.closest('[inert]') || getComputedStyle(element).visibility === 'hidden') continue;
        if (getComputedStyle(element).opacity === '0') continue;
        range.selectNodeContents(texts.currentNode);
        for (const line of range.getClientRects()) {
            if (line.width < 2 || line.height < 2) continue;
            // A box of text is higher than its letters by half the space between two lines.
            const air = Math.max(0, (line.height - parseFloat(getComputedStyle(element).fontSize)) / 2);
            let seen = true;
            for (let around = element; around && around !== document.body; around = around.parentElement) {
                const style = getComputedStyle(around);
                if (style.overflowY === 'visible' && style.overflowX === 'visible') continue;
                const box = around.getBoundingClientRect();
                if (line.top + air < box.top - 1 || line.bottom - air > box.bottom + 1 || line.right > box.right + 1) {
                    seen = false;
                    const scrolls = around.scrollHeight > around.clientHeight + 1 &&
                        (document.querySelector('.scroll__buttons') || around.matches('.speech-bar__caption'));
                    if (!scrolls) bad.add(`cut off by .${around.className}: ${words.slice(0, 40)}`);
                    break;
                }
            }
            if (!seen || line.bottom > innerHeight || line.top < 0) continue;
            for (const part of [0.1, 0.5, 0.9]) {
                const at = document.elementFromPoint(line.left + line.width * part, line.top + line.height / 2);
                if (at && at !== element && !element.contains(at) && !at.contains(element) && !at.matches('.attract__button')) {
                    bad.add(`under .${at.className}: ${words.slice(0, 40)}`);
                    break;
                }
            }
        }
    }
    return [...bad];";

/// Looks at these screens as somebody whose words need more room: nothing is cut off or covered, and where a page or a list is
/// longer than its place each button still comes wholly into sight by the buttons that scroll.
async fn loses_nothing(stage: &mut Stage, fixtures: &[Fixture], looks: &[Look]) -> Vec<String> {
    let script = format!(
        "return [...(() => {{ {LOST} }})(), ...(() => {{ {} }})()];",
        misfits(true)
    );
    let mut lost = Vec::new();
    for look in looks {
        for fixture in fixtures {
            stage.show_as(fixture, *look).await.unwrap();
            let mut wrong = found(stage, &script).await;
            wrong.extend(
                out_of_reach(stage)
                    .await
                    .iter()
                    .map(|name| format!("out of reach: {name}")),
            );
            lost.extend(
                wrong
                    .iter()
                    .map(|wrong| format!("{} {look}: {wrong}", fixture.name)),
            );
        }
    }
    lost
}

/// Row 6: texts twice as large, and nothing is lost that the buttons of the page do not reach.
#[test]
fn large_text_loses_nothing() {
    for size in [Size::UPRIGHT, Size::DESK] {
        tell(size, async |stage| {
            let looks = in_each_language(|look| look.text = TextSize::Large);
            nothing(&loses_nothing(stage, &telling(), &looks).await);
        });
    }
}

/// Row 6: the spacing of WCAG 1.4.12 cuts nothing off and covers nothing.
#[test]
fn wide_spacing_loses_nothing() {
    for size in [Size::UPRIGHT, Size::DESK] {
        tell(size, async |stage| {
            assert_eq!(stage.ask(SPACED).await.unwrap(), true, "the spacing was refused");
            nothing(&loses_nothing(stage, &telling(), &in_each_language(|_| {})).await);
        });
    }
}

/// Height of a capital of the shipped font, as a part of its size.
fn capital_height() -> f64 {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../ui/static/fonts/inter-latin.woff2"
    );
    let font = wuff::decompress_woff2(&std::fs::read(file).unwrap()).unwrap();
    let face = ttf_parser::Face::parse(&font, 0).unwrap();
    f64::from(face.capital_height().unwrap()) / f64::from(face.units_per_em())
}

/// Texts whose capitals are lower than so many millimetres.
fn smaller_than(mm: f64, size: Size) -> String {
    let least_px = mm * size.display().px_per_mm / capital_height();
    format!(
        r"
        const bad = new Set();
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {{
            const words = texts.currentNode.textContent.trim();
            const element = texts.currentNode.parentElement;
            if (!words || element.getClientRects().length === 0) continue;
            const px = parseFloat(getComputedStyle(element).fontSize);
            if (px < {least_px} - 0.05) bad.add(`${{px}} px of {least_px:.1}: ${{words.slice(0, 40)}}`);
        }}
        return [...bad];"
    )
}

/// Row 13: 4.8 mm everywhere, and 7.3 mm of all texts where the person asks for large ones.
#[test]
fn letters_are_high_enough() {
    for size in Size::ALL {
        tell(size, async |stage| {
            let plain = [Look::plain(Language::Ru)];
            nothing(&find(stage, &telling(), &plain, &smaller_than(4.8, size)).await);
            let large = [Look {
                text: TextSize::Large,
                ..plain[0]
            }];
            nothing(&find(stage, &telling(), &large, &smaller_than(7.3, size)).await);
        });
    }
    // On the usual kiosk what is read is as large for everybody; smaller are the strips above and below.
    tell(Size::UPRIGHT, async |stage| {
        let welcome = fixtures::named("welcome").unwrap();
        stage.show_as(&welcome, Look::plain(Language::Ru)).await.unwrap();
        let body = "return [...document.querySelectorAll('.kiosk')].map(it => parseFloat(getComputedStyle(it).fontSize))";
        let body_px = stage.ask(body).await.unwrap()[0].as_f64().unwrap();
        let mm = body_px * capital_height() / Size::UPRIGHT.display().px_per_mm;
        assert!(mm >= 7.3, "capitals of the body are {mm:.2} mm high");
    });
}

/// Row 2: what is touched is 15 mm in both directions.
#[test]
fn targets_are_large_enough() {
    for size in Size::ALL {
        let least_px = 15.0 * size.display().px_per_mm;
        let script = format!(
            "return [...document.querySelectorAll('button')].filter(it => it.getClientRects().length > 0).map(it => {{
                 const box = it.getBoundingClientRect();
                 const least = Math.min(box.width, box.height);
                 return least < {least_px} - 0.5 ? `${{it.dataset.testid}} ${{least.toFixed(1)}} px of {least_px:.1}` : '';
             }}).filter(it => it !== '');"
        );
        tell(size, async |stage| {
            nothing(&find(stage, &telling(), &[Look::plain(Language::Kk)], &script).await);
        });
    }
}

/// Controls of this screen that are seen and do not lie 380 to 1220 mm above the floor.
fn beyond_reach(size: Size) -> String {
    let px_per_mm = size.display().px_per_mm;
    format!(
        "return [...document.querySelectorAll('button')].filter(it => it.getClientRects().length > 0).map(it => {{
             const box = it.getBoundingClientRect();
             const above = y => {edge} + (innerHeight - y) / {px_per_mm};
             if (box.top >= innerHeight || box.bottom <= 0) return '';
             const [low, high] = [above(Math.min(box.bottom, innerHeight)), above(Math.max(box.top, 0))];
             return low < 380 || high > 1221 ? `${{it.dataset.testid}} ${{low.toFixed()}} to ${{high.toFixed()}} mm` : '';
         }}).filter(it => it !== '');",
        edge = size.bottom_edge_mm
    )
}

/// Row 16: with the controls lowered every one that is seen is within reach; what is below comes there by the buttons. So it is
/// with large texts besides.
#[test]
fn lowered_controls_are_within_reach() {
    let size = Size::UPRIGHT;
    let script = beyond_reach(size);
    tell(size, async |stage| {
        let high = find(stage, &telling(), &[Look::plain(Language::Kk)], &script).await;
        assert!(!high.is_empty(), "the test would find nothing");
        let mut looks = in_each_language(|look| look.low = true);
        nothing(&loses_nothing(stage, &telling(), &looks).await);
        looks.push(Look {
            text: TextSize::Large,
            ..looks[1]
        });
        nothing(&find(stage, &telling(), &looks, &script).await);
    });
}

/// Row 16: of the lying screens all is within reach as it is, and nobody is offered to have it lowered.
#[test]
fn controls_of_lying_screens_are_within_reach() {
    for size in [Size::DESK, Size::WIDE] {
        let script = format!(
            "const bad = (() => {{ {} }})();
             if (document.querySelector('[data-testid=low]') !== null) bad.push('they can be lowered');
             return bad;",
            beyond_reach(size)
        );
        let mut looks = vec![Look::plain(Language::Kk)];
        looks.push(Look {
            text: TextSize::Large,
            ..looks[0]
        });
        tell(size, async |stage| {
            nothing(&find(stage, &telling(), &looks, &script).await);
        });
    }
}

/// Notes what any part of the page listens to from now on.
const LISTEN: &str = r"
    window.heard = new Set();
    const add = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (name, ...others) {
        window.heard.add(name);
        return add.call(this, name, ...others);
    };
    return true;";

/// What is worked by dragging: what can be dragged, what hears a finger that moves, sliders, and what scrolls without buttons.
const DRAGGED: &str = r"
    const bad = [];
    const name = (element) => element.dataset.testid ?? (element.className || element.tagName);
    for (const element of document.querySelectorAll('body *')) {
        if (element.draggable) bad.push('can be dragged: ' + name(element));
        if (element.matches('input[type=range], [role=slider], [role=scrollbar], [role=spinbutton]')) bad.push('slides: ' + name(element));
        const { overflowX, overflowY, visibility } = getComputedStyle(element);
        if (visibility === 'hidden' || element.closest('[inert]')) continue;
        const more = (overflow, long, room) => ['auto', 'scroll'].includes(overflow) && long > room + 1 && room > 0;
        if (more(overflowX, element.scrollWidth, element.clientWidth)) bad.push('scrolls sideways: ' + name(element));
        if (!more(overflowY, element.scrollHeight, element.clientHeight)) continue;
        const around = element.closest('.scrolled') ?? element.closest('.kiosk__page');
        if (!around?.querySelector('.scroll__buttons')) bad.push('scrolls without buttons: ' + name(element));
    }
    for (const heard of window.heard) if (/move|drag|drop|wheel|gesture/.test(heard)) bad.push('hears ' + heard);
    return bad;";

/// Row 7: nothing is worked by dragging.
#[test]
fn nothing_is_worked_by_dragging() {
    for size in [Size::UPRIGHT, Size::DESK] {
        tell(size, async |stage| {
            stage.ask(LISTEN).await.unwrap();
            nothing(&find(stage, &all(), &[Look::plain(Language::Ru)], DRAGGED).await);
            let large = Look {
                text: TextSize::Large,
                ..Look::plain(Language::Ru)
            };
            nothing(&find(stage, &telling(), &[large], DRAGGED).await);
            let heard = stage
                .ask("return [...window.heard].includes('click')")
                .await
                .unwrap();
            assert_eq!(heard, true, "the test would hear nothing");
        });
    }
}

/// What one person chose is gone for the next.
#[test]
fn every_switch_ends_with_the_session() {
    tell(Size::UPRIGHT, async |stage| {
        let look = Look {
            contrast: Contrast::High,
            text: TextSize::Large,
            low: true,
            ..Look::plain(Language::En)
        };
        stage
            .show_as(&fixtures::named("claim").unwrap(), look)
            .await
            .unwrap();
        stage.walk.touch("once").await.unwrap();
        let state = "const it = document.documentElement.dataset;
            return [it.contrast, it.text, it.reach, it.strokes].join(' ')";
        assert_eq!(stage.ask(state).await.unwrap(), "high large low once");
        let welcome = fixtures::named("welcome").unwrap().view(look);
        stage.show(&welcome).await.unwrap();
        assert_eq!(stage.ask(state).await.unwrap(), "normal normal whole all");
    });
}

/// axe-core finds nothing on any screen, in each language, contrast and size of the text.
#[test]
fn axe_finds_nothing() {
    let path =
        std::env::var("ALAQAN_AXE").expect("`cargo xtask test` gets axe-core and names it in ALAQAN_AXE");
    let axe = std::fs::read_to_string(path).unwrap();
    let run = r"
        const done = arguments[arguments.length - 1];
        const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
        axe.run(document, { runOnly: tags, resultTypes: ['violations'] }).then(
            ({ violations }) => done(violations.flatMap(rule =>
                rule.nodes.map(node => `${rule.id}: ${node.target} ${node.failureSummary}`))),
            error => done([String(error)]));";
    let mut looks = Look::all();
    let large = in_each_language(|look| look.text = TextSize::Large);
    looks.extend(large.clone());
    // Colours are the same in each size; large texts have a layout of their own on a lying screen.
    let lying = [in_each_language(|_| {}), large].concat();
    for (size, looks) in [(Size::UPRIGHT, looks), (Size::DESK, lying)] {
        tell(size, async |stage| {
            stage
                .ask(&format!("{axe}; window.axe = axe; return true;"))
                .await
                .unwrap();
            let mut found = Vec::new();
            for look in looks {
                for fixture in telling() {
                    stage.show_as(&fixture, look).await.unwrap();
                    let wrong = stage.walk.client().execute_async(run, vec![]).await.unwrap();
                    let wrong = wrong.as_array().expect("axe gives a list").iter();
                    let wrong = wrong.map(|wrong| wrong.as_str().unwrap_or("?"));
                    found.extend(wrong.map(|wrong| format!("{size} {} {look}: {wrong}", fixture.name)));
                }
            }
            nothing(&found);
            // And it would find something, on a screen whose controls nothing covers.
            let claim = fixtures::named("claim").unwrap();
            stage.show_as(&claim, Look::plain(Language::En)).await.unwrap();
            stage
                .ask(
                    "document.querySelector('[data-testid=contrast]').removeAttribute('aria-label');
                     document.querySelector('[data-testid=contrast]').textContent = ''; return true",
                )
                .await
                .unwrap();
            let wrong = stage.walk.client().execute_async(run, vec![]).await.unwrap();
            assert!(wrong.to_string().contains("button-name"), "{wrong}");
        });
    }
}

/// The order of the tab key is the order in which the controls stand: by lines, each from left to right, and the focus is
/// seen wherever it is.
#[test]
fn the_focus_goes_as_the_eye_does() {
    let script = r"
        const bad = [];
        const controls = [...document.querySelectorAll('button:not([disabled]), [tabindex=\'0\']')]
            .filter(it => it.getClientRects().length > 0 && !it.closest('[inert]') && getComputedStyle(it).visibility !== 'hidden');
        let before = null;
        for (const control of controls) {
            const name = control.dataset.testid ?? control.className;
            if (control.tabIndex > 0) bad.push('an order of its own: ' + name);
            control.focus({ focusVisible: true });
            if (document.activeElement !== control) { bad.push('takes no focus: ' + name); continue; }
            const style = getComputedStyle(control);
            if (parseFloat(style.outlineWidth) < 2 || style.outlineStyle === 'none') bad.push('the focus is not seen: ' + name);
            const box = control.getBoundingClientRect();
            const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
            const inside = box.top >= 0 && box.bottom <= innerHeight;
            if (inside && at && !control.contains(at) && !at.contains(control)) bad.push('covered: ' + name);
            if (before && box.bottom <= before.top + 1 && box.left < before.right) bad.push('goes back up: ' + name);
            before = box;
        }
        return bad;";
    for size in [Size::UPRIGHT, Size::DESK] {
        tell(size, async |stage| {
            nothing(&find(stage, &telling(), &[Look::plain(Language::Kk)], script).await);
        });
    }
}

/// What moves in the drawings ends within five seconds and leaves the still picture; only place, size and opacity change.
#[test]
fn drawings_move_shortly_and_end_as_they_stand() {
    let look = Look::plain(Language::Kk);
    let moving = r"
        const bad = [];
        const motions = document.querySelector('main').getAnimations({ subtree: true });
        for (const motion of motions) {
            const name = motion.animationName;
            const { endTime } = motion.effect.getComputedTiming();
            if (!(endTime <= 5000)) bad.push(`${name} goes on for ${endTime} ms`);
            const frames = motion.effect.getKeyframes();
            const known = ['offset', 'easing', 'composite', 'computedOffset', 'transform', 'opacity'];
            for (const frame of frames) for (const key of Object.keys(frame)) {
                if (!known.includes(key)) bad.push(`${name} changes ${key}`);
            }
            // As it stands without the motion, at its end.
            const element = motion.effect.target;
            const style = getComputedStyle(element);
            motion.pause();
            motion.currentTime = endTime - 1;
            const last = [style.transform, style.opacity];
            // Half way between the first still moment and the last something is seen to move.
            const seen = new Set();
            for (let at = 0; at < 2400; at += 100) {
                motion.currentTime = at;
                seen.add(style.transform + style.opacity);
            }
            if (seen.size < 3) bad.push(`${name} does not move`);
            motion.cancel();
            const still = [style.transform, style.opacity].map(it => it === 'none' ? 'matrix(1, 0, 0, 1, 0, 0)' : it);
            const near = (a, b) => {
                const [one, other] = [a, b].map(it => (it.match(/-?[0-9.e-]+/g) ?? []).map(Number));
                return one.length === other.length && one.every((value, at) => Math.abs(value - other[at]) < 0.05);
            };
            const ended = last[0] === 'none' ? 'matrix(1, 0, 0, 1, 0, 0)' : last[0];
            if (!near(still[0], ended) || !near(still[1], last[1])) bad.push(`${name} ends elsewhere: ${last} is not ${still}`);
        }
        return [String(motions.length), ...bad];";
    tell(Size::UPRIGHT, async |stage| {
        for (name, expect) in [
            ("face-turn-left", 1),
            ("face-turn-right", 1),
            ("face-look-up", 1),
            ("face-look-down", 1),
            ("face-blink", 2),
            ("face-open-mouth", 1),
            ("face-smile", 1),
            ("face-hold-still", 0),
            ("palm-show-hand", 1),
            ("palm-closer", 1),
            ("palm-hold-still", 0),
            ("images-taking-document-front-show", 1),
            ("images-taking-document-back", 2),
        ] {
            let fixture = fixtures::named(name).unwrap_or_else(|| panic!("no fixture {name}"));
            stage.show(&fixture.view(look)).await.unwrap();
            let found = stage.ask(moving).await.unwrap();
            assert_eq!(found, serde_json::json!([expect.to_string()]), "{name}");
        }
    });
}

mod keys {
    pub const TAB: char = '\u{e004}';
    pub const SHIFT: char = '\u{e008}';
    pub const ENTER: char = '\u{e007}';
    pub const BACKSPACE: char = '\u{e003}';
}

/// Presses keys, wherever the focus is.
async fn press(stage: &Stage, keys: &str) {
    let focused = stage.walk.client().active_element().await.unwrap();
    focused.send_keys(keys).await.unwrap();
}

/// The control that has the focus.
async fn focused(stage: &Stage) -> String {
    let focused = "return document.activeElement?.dataset.testid ?? ''";
    stage.ask(focused).await.unwrap().as_str().unwrap().to_owned()
}

/// Goes on with the tab key until this control has the focus. Answers wait until a text can have been noticed.
async fn tab_to(stage: &Stage, test_id: &str) {
    let ready = format!("[data-testid='{test_id}']:not([disabled])");
    let client = stage.walk.client();
    client
        .wait()
        .at_most(STEP_LIMIT)
        .for_element(walk::css(&ready))
        .await
        .unwrap();
    // A keyboard of the screen has some seventy keys.
    for _ in 0..120 {
        if focused(stage).await == test_id {
            return;
        }
        press(stage, &keys::TAB.to_string()).await;
    }
    panic!("the tab key does not lead to {test_id}");
}

/// Strikes a key twice, or touches a control twice, with so long between; gives how many digits that typed. A busy machine that
/// was slower tries again.
async fn digits_of_two(stage: &Stage, strike: Strike<'_>, gap: Duration) -> u64 {
    let typed = "return Number(document.querySelector('[data-testid=claim-digits]').dataset.entered)";
    // The releases are taken whatever becomes of the strokes.
    let listen = "window.released ??= (() => {
            const times = [];
            for (const name of ['keyup', 'pointerup']) addEventListener(name, event => times.push(event.timeStamp), true);
            return times;
        })();
        window.released.length = 0;
        return true;";
    for _ in 0..10 {
        // Longer than any delay, so that nothing before counts.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let before = stage.ask(typed).await.unwrap().as_u64().unwrap();
        stage.ask(listen).await.unwrap();
        for again in [false, true] {
            if again {
                tokio::time::sleep(gap).await;
            }
            match strike {
                Strike::Key(key) => stage.walk.press(key).await.unwrap(),
                Strike::Touch(test_id) => stage.walk.touch(test_id).await.unwrap(),
            }
        }
        let released = stage
            .ask("return window.released[1] - window.released[0]")
            .await
            .unwrap();
        let took_ms = released.as_f64().expect("two releases");
        let after = stage.ask(typed).await.unwrap().as_u64().unwrap();
        // A driver takes its time for each.
        let soon = gap < Duration::from_millis(500) && (60.0..450.0).contains(&took_ms);
        let late = gap > Duration::from_millis(500) && took_ms > 550.0;
        if soon || late {
            return after - before;
        }
        // The entry has room for twelve.
        for _ in before..after {
            tokio::time::sleep(Duration::from_millis(600)).await;
            stage.walk.press("Backspace").await.unwrap();
        }
    }
    panic!("the machine is too busy to strike in time");
}

/// What is struck twice.
#[derive(Clone, Copy)]
enum Strike<'a> {
    /// A key of the keyboard.
    Key(&'a str),
    /// A control of the screen.
    Touch(&'a str),
}

/// Row 15: with the switch on the same key is not taken twice within half a second, of the keyboard or of the screen; without
/// it every stroke counts.
#[test]
fn what_is_struck_twice_counts_once() {
    tell(Size::UPRIGHT, async |stage| {
        let claim = fixtures::named("claim").unwrap();
        stage.show_as(&claim, Look::plain(Language::Kk)).await.unwrap();
        let soon = Duration::from_millis(100);
        for strike in [Strike::Key("8"), Strike::Touch("key-8")] {
            assert_eq!(digits_of_two(stage, strike, soon).await, 2, "without the switch");
        }
        // Twice in a moment, as such a hand does: it is on nevertheless.
        stage.walk.touch("once").await.unwrap();
        assert_eq!(stage.walk.value_of("once", "aria-pressed").await.unwrap(), "true");
        for strike in [Strike::Key("8"), Strike::Touch("key-8")] {
            assert_eq!(digits_of_two(stage, strike, soon).await, 1, "with the switch");
            let later = Duration::from_millis(700);
            assert_eq!(
                digits_of_two(stage, strike, later).await,
                2,
                "after half a second"
            );
        }
    });
}

/// Row 15: a key that is held types once, and deletes on; with the switch on it deletes once, too.
#[test]
fn a_key_that_is_held_types_once() {
    tell(Size::UPRIGHT, async |stage| {
        let claim = fixtures::named("claim").unwrap();
        stage.show_as(&claim, Look::plain(Language::Ru)).await.unwrap();
        // The driver holds no key as a system does, which says again and again that it is down.
        let hold = async |stage: &Stage, key: &str, code: &str| {
            let script = format!(
                "for (let at = 0; at < 5; at += 1) document.body.dispatchEvent(new KeyboardEvent('keydown',
                     {{ key: '{key}', code: '{code}', repeat: at > 0, bubbles: true, cancelable: true }}));
                 return Number(document.querySelector('[data-testid=claim-digits]').dataset.entered)"
            );
            // What was typed is on the page only after the script.
            stage.ask(&script).await.unwrap();
            tokio::time::sleep(Duration::from_millis(700)).await;
            let typed = "return Number(document.querySelector('[data-testid=claim-digits]').dataset.entered)";
            stage.ask(typed).await.unwrap().as_u64().unwrap()
        };
        for (digit, expect) in [
            ("1", 1),
            ("2", 2),
            ("3", 3),
            ("4", 4),
            ("5", 5),
            ("6", 6),
            ("7", 7),
        ] {
            assert_eq!(hold(stage, digit, &format!("Digit{digit}")).await, expect);
        }
        assert_eq!(hold(stage, "Backspace", "Backspace").await, 2);
        stage.walk.touch("once").await.unwrap();
        assert_eq!(hold(stage, "Backspace", "Backspace").await, 1);
    });
}

/// What a hand on the keypad does.
enum Hand {
    /// Goes to this control with the tab key, and presses it.
    To(&'static str),
    /// Strikes these keys, wherever the focus is.
    Strike(String),
}

/// A screen, what the hand does on it, and what the person has then said.
fn answers() -> Vec<(&'static str, Vec<Hand>, serde_json::Value)> {
    use Hand::{Strike, To};
    let enter = |digits: &str| vec![Strike(format!("{digits}{}", keys::ENTER))];
    let mistyped = format!("88041240109{}06", keys::BACKSPACE);
    let said = |kind: &str| json!({ "kind": kind });
    vec![
        ("welcome", vec![To("begin")], said("begin")),
        (
            "service",
            vec![To("service-account-opening")],
            json!({ "kind": "choose-service", "service": "account-opening" }),
        ),
        (
            "consent-processing",
            vec![To("consent-agree")],
            json!({ "kind": "answer-consent", "text": "processing", "given": true }),
        ),
        (
            "field-choice",
            vec![To("choice-choice-1")],
            json!({ "kind": "answer-field", "field": "choice", "value": "choice-1" }),
        ),
        (
            "field-text",
            vec![To("key-h"), To("key-i"), Strike("5".to_owned()), To("field-next")],
            json!({ "kind": "answer-field", "field": "text", "value": "Hi5" }),
        ),
        (
            "field-phone",
            enter("7011234567"),
            json!({ "kind": "answer-field", "field": "phone", "value": "+77011234567" }),
        ),
        (
            "claim",
            enter(&mistyped),
            json!({ "kind": "claim", "iin": "880412401006" }),
        ),
        (
            "operator",
            enter("123456"),
            json!({ "kind": "enter-operator", "code": "123456" }),
        ),
        (
            "method",
            vec![To("method-face")],
            json!({ "kind": "choose-method", "method": "face" }),
        ),
        (
            "assisted",
            vec![To("method-images")],
            json!({ "kind": "choose-method", "method": "images" }),
        ),
        (
            "call-back",
            enter("7011234567"),
            json!({ "kind": "call-back", "number": "+77011234567" }),
        ),
        ("phone", vec![To("phone-end")], said("cancel")),
        (
            "images-intro",
            vec![To("page-card")],
            json!({ "kind": "choose-page", "page": "card" }),
        ),
        ("images-taking", vec![To("take-picture")], said("take-picture")),
        (
            "images-shown-document-front",
            vec![To("accept-picture")],
            said("accept-picture"),
        ),
        (
            "images-shown-document-back",
            vec![To("retake")],
            json!({ "kind": "retake-picture", "picture": null }),
        ),
        (
            "images-review",
            vec![To("accept-picture")],
            said("accept-picture"),
        ),
        ("face-turn-left", vec![To("cancel")], said("cancel")),
        ("palm-show-hand", vec![To("palm-end")], said("cancel")),
        (
            "camera-trouble-missing",
            vec![To("camera-trouble-end")],
            said("cancel"),
        ),
        (
            "scanner-trouble-missing",
            vec![To("scanner-trouble-end")],
            said("cancel"),
        ),
        ("attempt-failed-not-performed", vec![To("retry")], said("retry")),
        (
            "attempt-failed-may-stand-aside",
            vec![To("cannot-perform")],
            said("cannot-perform"),
        ),
        ("outcome-verified", vec![To("print")], said("print")),
        (
            "technician-login",
            enter("123456"),
            json!({ "kind": "enter-staff-code", "code": "123456" }),
        ),
    ]
}

/// Row 7: each kind of screen that asks for something is answered by keys alone, as the keypad of the housing has them: tab,
/// shift, enter, digits, deletion.
#[test]
fn every_kind_of_screen_is_answered_by_keys_alone() {
    tell(Size::UPRIGHT, async |stage| {
        let look = Look::plain(Language::En);
        let enter = keys::ENTER.to_string();
        for (name, hands, expect) in answers() {
            stage
                .show_as(&fixtures::named(name).unwrap(), look)
                .await
                .unwrap();
            for hand in hands {
                match hand {
                    Hand::To(control) => {
                        tab_to(stage, control).await;
                        press(stage, &enter).await;
                    }
                    Hand::Strike(strokes) => press(stage, &strokes).await,
                }
            }
            let said = serde_json::to_value(stage.next_intent()).unwrap();
            assert_eq!(said, expect, "{name}");
        }
        // Backwards, too.
        stage
            .show_as(&fixtures::named("outcome-verified").unwrap(), look)
            .await
            .unwrap();
        tab_to(stage, "finish").await;
        press(stage, &keys::TAB.to_string()).await;
        assert_ne!(focused(stage).await, "finish");
        press(stage, &format!("{}{}", keys::SHIFT, keys::TAB)).await;
        assert_eq!(focused(stage).await, "finish");
        press(stage, &enter).await;
        assert_eq!(stage.next_intent(), Some(Intent::Finish));
        // Row 3: any key keeps a session that is about to end.
        stage
            .show_as(&fixtures::named("idle").unwrap(), look)
            .await
            .unwrap();
        press(stage, &enter).await;
        assert!(stage.wanted(STEP_LIMIT).contains(&Intent::StayAlive));
    });
}
