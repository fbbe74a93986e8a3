import init from './alaqan.js';

// After a panic the wasm answers nothing any more, but what it drew last, perhaps a person, would stay. So the page
// is emptied and loaded again; the shell, which holds the session, sends its newest view to the new page. The pause
// keeps a fault that comes back at once from flashing.
const RESTART_AFTER_MS = 3000;

function restartAfter(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    document.body.replaceChildren();
    setTimeout(() => location.reload(), RESTART_AFTER_MS);
  }
}

addEventListener('error', (event) => restartAfter(event.error));
addEventListener('unhandledrejection', (event) => restartAfter(event.reason));

init({ module_or_path: './alaqan_bg.wasm' });
