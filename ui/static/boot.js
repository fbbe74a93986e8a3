import init from './alaqan.js';

init({ module_or_path: './alaqan_bg.wasm' });
