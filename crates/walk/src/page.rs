//! What a page is looked at for, as scripts: each test of the window asks in the same words.

/// Gives a list of what is cut off, stands beside the window, or below it where no button leads there.
///
/// With `may_scroll` a page and a list may be longer than there is room, as long as there are buttons that scroll; so they may
/// in any case where texts are large, controls lowered, or the bar of speech takes room.
pub fn misfits(may_scroll: bool) -> String {
    format!(
        r"
        const bad = [];
        const page = document.querySelector('.kiosk__area');
        const {{ text, reach }} = document.documentElement.dataset;
        const mayScroll = {may_scroll} || text === 'large' || reach === 'low' || document.querySelector('.speech-bar') !== null;
        const byButtons = mayScroll && document.querySelector('.scroll__buttons') !== null;
        const longer = page.scrollHeight > page.clientHeight + 1;
        const turned = longer && mayScroll && document.querySelector('[data-testid=page-scroll-down]') !== null;
        if (longer && !turned) bad.push('the page is longer than the window');
        for (const element of document.querySelectorAll('button, p, h1, h2, li, label, strong, .panel, [role=textbox]')) {{
            const box = element.getBoundingClientRect();
            if (box.width === 0 || getComputedStyle(element).visibility === 'hidden') continue;
            const name = element.dataset.testid ?? element.textContent.trim().slice(0, 60);
            if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) bad.push('cut off: ' + name);
            if (box.left < -1 || box.right > innerWidth + 1) bad.push('beside the window: ' + name);
            const list = element.closest('.cards, .choices');
            if (list && element !== list && box.bottom > list.getBoundingClientRect().bottom + 1 && !byButtons) {{
                bad.push('cut off in its list: ' + name);
            }}
            if (element.tagName !== 'BUTTON') continue;
            if (element.scrollHeight > element.clientHeight + 1) bad.push('cut off below: ' + name);
            // What stands in a part that scrolls comes into the window by its buttons.
            let part = element.parentElement;
            while (part !== page && part !== null &&
                (getComputedStyle(part).overflowY === 'visible' || part.scrollHeight <= part.clientHeight + 1)) part = part.parentElement;
            const inPart = part !== page && part !== null && (part.matches('.scrolled__area')
                ? part.parentElement.querySelector('.scroll__buttons') !== null : byButtons);
            const bottom = inPart ? part.getBoundingClientRect().bottom : box.bottom;
            if (bottom > innerHeight + 1 && !turned) bad.push('below the window: ' + name);
        }}
        return bad;"
    )
}

/// Gives a list of the words on the page, and of those that are only spoken, that are not in the brackets of the language
/// that nobody speaks (`data-pseudo`): they come from no list of words.
pub const FOREIGN: &str = r#"
    const foreign = [];
    const isOwn = (text) => !/\p{L}/u.test(text) || /^[^\p{L}]*\[[^]*\][^\p{L}]*$/u.test(text.trim());
    // What a person types or takes home, the letters of keys, and what says in which language it is.
    const apart = "body [lang], [data-entered], [data-testid^='key-'], [data-testid^='language-'], [data-testid='qr'], [data-testid='phone-url'], "
        + "[data-testid='record'], [data-testid='request'], script, style";
    const seen = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (seen.nextNode()) {
        const node = seen.currentNode;
        if (node.parentElement.closest(apart) === null && !isOwn(node.textContent)) foreign.push(node.textContent);
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [alt], [placeholder], [aria-description]')) {
        if (element.closest("[data-testid^='language-'], [data-testid^='key-']")) continue;
        for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'aria-description']) {
            const text = element.getAttribute(name);
            if (text !== null && !isOwn(text)) foreign.push(name + ': ' + text);
        }
    }
    return foreign;"#;

/// Gives what a person has done on a screen. Scrolled elements and the one with the focus are those that [`MARK`] marked
/// before, so that one that was made anew is seen.
pub const STATE: &str = r"
    const screen = document.querySelector('[data-screen]');
    const state = { 'focus': document.activeElement?.kept === true };
    for (const { name, value } of screen.attributes) {
        // What the camera sees changes by itself.
        if (['data-prompt', 'data-light'].includes(name)) continue;
        if (name.startsWith('data-')) state[name] = value;
    }
    for (const element of screen.querySelectorAll('[data-entered], [data-page], [data-layout], [aria-pressed]')) {
        const { testid, entered, page, layout } = element.dataset;
        if (testid?.startsWith('language-')) continue;
        state[testid] = [entered, page, layout, element.getAttribute('aria-pressed')];
        // How a currency is written belongs to the language.
        if (entered !== undefined) state[testid].push(element.textContent.replace(/KZT|[^\p{L}\p{N}]/gu, ''));
    }
    let scrolled = 0;
    for (const element of screen.querySelectorAll('*')) {
        if (element.keptAt === undefined) continue;
        const wanted = Math.min(element.keptAt, element.scrollHeight - element.clientHeight);
        if (Math.abs(element.scrollTop - wanted) <= 1) scrolled += 1;
        // In a shorter language the end may come before the place; from there it goes on.
        element.keptAt = element.scrollTop;
    }
    state['scrolled'] = scrolled;
    return state;";

/// Gives the focus to the last button of the screen, scrolls what can be scrolled, and marks both; gives whether there is a
/// button.
pub const MARK: &str = r"
    const screen = document.querySelector('[data-screen]');
    for (const element of screen.querySelectorAll('*')) {
        const more = element.scrollHeight - element.clientHeight;
        const can = ['auto', 'scroll'].includes(getComputedStyle(element).overflowY);
        if (more > 1 && can) {
            element.scrollTop = Math.floor(more / 2);
            element.keptAt = element.scrollTop;
        }
    }
    const button = [...screen.querySelectorAll('button:not([disabled])')].at(-1);
    if (button) {
        button.focus();
        button.kept = true;
    }
    return button !== undefined;";
