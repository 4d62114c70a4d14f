// Starts the module that wasm-bindgen made, as `worker-build` does it.

import * as receiver from "./receiver_worker_bg.js";
import module from "./receiver_worker_bg.wasm";

const instance = new WebAssembly.Instance(module, { "./receiver_worker_bg.js": receiver });
receiver.__wbg_set_wasm(instance.exports);
instance.exports.__wbindgen_start?.();

export default { fetch: receiver.fetch };
