//! Generates the Tauri context and the permissions of the commands.

fn main() {
    tauri_build::try_build(
        tauri_build::Attributes::new()
            .capabilities_path_pattern("./src-tauri/capabilities/**/*")
            .app_manifest(tauri_build::AppManifest::new().commands(&[
                "subscribe",
                "intent",
                "hear",
                "speak",
            ])),
    )
    .expect("the Tauri configuration is right");
}
