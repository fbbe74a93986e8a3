//! Lists the cameras of this machine, for whoever sets up a kiosk, and the line that pins each.

use camera::CameraEntry;

fn main() {
    let cameras = camera::list();
    if cameras.is_empty() {
        println!("no camera was found");
        if !cfg!(target_os = "linux") {
            println!("(this system does not tell; a camera is opened by its number, and cannot be pinned)");
        }
    }
    for camera in cameras {
        println!("{}", told(&camera));
    }
}

fn told(camera: &CameraEntry) -> String {
    let access = match camera.access {
        Ok(()) => "may be opened".to_owned(),
        Err(fault) => fault.to_string(),
    };
    let (kind, lines) = match &camera.virtual_reason {
        Some(reason) => (format!("virtual, refused: {reason}"), String::new()),
        None => {
            // Quoted as the file wants it, since a serial number may hold any letter.
            let pin = toml::Value::String(camera.identity.bus_id.clone());
            let lines = format!("\n  [camera]\n  device = {}\n  pin = {pin}", camera.index);
            ("a real device".to_owned(), lines)
        }
    };
    format!(
        "{}: {}\n  file    {}\n  bus     {}\n  driver  {}\n  access  {access}\n  kind    {kind}{lines}",
        camera.index,
        camera.identity.name,
        camera.path.display(),
        camera.identity.bus_id,
        camera.driver.as_deref().unwrap_or("not told"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use camera::VirtualReason;

    #[test]
    fn a_real_camera_comes_with_its_lines_and_a_virtual_one_with_its_reason() {
        let mut camera = CameraEntry {
            index: 2,
            path: "/dev/video2".into(),
            identity: verification::capture::CameraIdentity {
                name: "Webcam".into(),
                bus_id: "usb 046d:0825 A\"1 1-2:1.0".into(),
                replay: false,
            },
            driver: Some("uvcvideo".into()),
            virtual_reason: None,
            access: Err(verification::capture::DeviceFault::NoPermission),
        };
        let real = told(&camera);
        let lines = real.split_once("  [camera]").unwrap().1;
        let read: toml::Table = toml::from_str(lines).unwrap();
        assert_eq!(read["pin"].as_str(), Some(camera.identity.bus_id.as_str()));
        assert_eq!(read["device"].as_integer(), Some(2));
        assert!(
            real.contains("no permission") && real.contains("uvcvideo"),
            "{real}"
        );

        camera.virtual_reason = Some(VirtualReason::NoHardware);
        let told = told(&camera);
        assert!(told.contains("no hardware") && !told.contains("pin"), "{told}");
    }
}
