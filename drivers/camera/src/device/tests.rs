use super::*;
use crate::node::tests::{Tree, link};

const VENDOR: [(&str, &str); 2] = [("idVendor", "046d"), ("idProduct", "0825")];

#[test]
fn a_number_or_a_path_names_a_camera() {
    assert_eq!("2".parse(), Ok(CameraChoice::Index(2)));
    assert_eq!(
        "/dev/video2".parse(),
        Ok(CameraChoice::Path("/dev/video2".into()))
    );
}

#[test]
fn a_camera_that_is_not_there_is_not_found() {
    for choice in [
        CameraChoice::Index(987),
        CameraChoice::Path("/dev/no-such-camera".into()),
        // A file is there and is no camera.
        CameraChoice::Path("/dev/null".into()),
    ] {
        let error = Device::open(&choice, &Format::default(), None, Instant::now())
            .err()
            .unwrap();
        assert_eq!(error.fault(), DeviceFault::NotFound, "{error}");
    }
}

#[test]
fn only_a_real_and_pinned_camera_is_chosen() {
    let tree = Tree::new();
    tree.plug(0, "Webcam", "pci0/usb1/1-2/1-2:1.0", "uvcvideo", &VENDOR);
    tree.plug(1, "Webcam", "virtual", "", &[]);
    tree.plug(2, "Webcam", "pci0/usb1/1-4/1-4:1.0", "uvcvideo", &VENDOR);
    std::fs::remove_file(tree.device(2)).unwrap();
    let check = |choice: CameraChoice, pin: Option<&str>, expect: Option<DeviceFault>, words: &[&str]| {
        let pin = pin.map(CameraPin::new);
        let got = choose(&tree.system(), &choice, pin.as_ref());
        assert_eq!(got.as_ref().err().map(CameraError::fault), expect, "{got:?}");
        let told = got.map_or_else(|error| error.to_string(), |camera| camera.identity.bus_id);
        assert!(words.iter().all(|word| told.contains(word)), "{told}");
    };
    let first = "usb 046d:0825 1-2:1.0";
    check(CameraChoice::Index(0), None, None, &[first]);
    check(
        CameraChoice::Index(0),
        Some("usb 046d:0825 1-2:1.0 "),
        None,
        &[first],
    );
    check(CameraChoice::Path(tree.device(0)), Some(first), None, &[first]);
    let by_id = tree.system().devices.join("usb-046d_Webcam-video-index0");
    link(&tree.device(0), &by_id);
    check(CameraChoice::Path(by_id), Some(first), None, &[first]);
    let other = "usb 046d:0825 1-3:1.0";
    check(
        CameraChoice::Index(0),
        Some(other),
        Some(DeviceFault::Identity),
        &[first, other],
    );
    check(
        CameraChoice::Index(0),
        Some(""),
        Some(DeviceFault::Identity),
        &[first],
    );
    check(
        CameraChoice::Index(1),
        None,
        Some(DeviceFault::Virtual),
        &["no hardware"],
    );
    // Nobody pins a virtual camera, by mistake or otherwise.
    check(
        CameraChoice::Index(1),
        Some("virtual"),
        Some(DeviceFault::Virtual),
        &["no hardware"],
    );
    check(CameraChoice::Index(2), None, Some(DeviceFault::NotFound), &["2"]);
    check(CameraChoice::Index(3), None, Some(DeviceFault::NotFound), &["3"]);
}

#[test]
fn where_the_system_tells_nothing_no_pin_is_confirmed() {
    let choice = CameraChoice::Index(0);
    assert_eq!(untold(&choice, None).unwrap().1.bus_id, "unknown");
    for pin in ["usb 046d:0825 1-2:1.0", "unknown"] {
        let error = untold(&choice, Some(&CameraPin::new(pin))).unwrap_err();
        assert_eq!(error.fault(), DeviceFault::Identity);
        assert!(error.to_string().contains(pin), "{error}");
    }
    let error = untold(&CameraChoice::Path("/dev/video0".into()), None).unwrap_err();
    assert_eq!(error.fault(), DeviceFault::NotFound);
}

#[test]
fn a_node_that_becomes_another_camera_ends_the_open_one() {
    let tree = Tree::new();
    tree.plug(0, "Webcam", "pci0/usb1/1-2/1-2:1.0", "uvcvideo", &VENDOR);
    let camera = tree.system().entry(0).unwrap();
    let mut watch = IdentityWatch::new(tree.system(), camera);
    assert!(watch.check().is_ok() && watch.glance().is_ok());

    tree.unplug(0);
    assert_eq!(watch.glance().unwrap_err().fault(), DeviceFault::Disconnected);
    assert_eq!(watch.check().unwrap_err().fault(), DeviceFault::Disconnected);

    tree.plug(0, "Webcam", "pci0/usb1/1-5/1-5:1.0", "uvcvideo", &VENDOR);
    let error = watch.check().unwrap_err();
    assert!(matches!(error, CameraError::IdentityChanged { .. }), "{error}");
    assert!(error.to_string().contains("1-2:1.0") && error.to_string().contains("1-5:1.0"));

    tree.unplug(0);
    tree.plug(0, "Webcam", "pci0/usb1/1-2/1-2:1.0", "uvcvideo", &VENDOR);
    assert!(watch.check().is_ok());
}

#[test]
fn what_is_read_back_must_be_what_was_asked_for() {
    let asked = Format::default();
    let fourcc = |letters: &[u8; 4]| f64::from(u32::from_le_bytes(*letters));
    let mjpeg = fourcc(b"MJPG");
    let check = |width_px: f64, height_px: f64, given: f64, rate_hz: f64, expect: Result<f64, &str>| {
        let given = Given {
            width_px,
            height_px,
            fourcc: given,
            rate_hz,
        };
        match (given.check(&asked, mjpeg, "7"), expect) {
            (Ok((size, rate)), Ok(expect)) => {
                assert_eq!((size, rate), (Size::new(1280, 720), expect));
            }
            (Err(error), Err(expect)) => {
                assert_eq!(error.fault(), DeviceFault::Format);
                assert!(error.to_string().contains(expect), "{error}");
            }
            (got, _) => panic!("{given:?}: {got:?}"),
        }
    };
    check(1280.0, 720.0, mjpeg, 30.0, Ok(30.0));
    check(1280.0, 720.0, mjpeg, 24.0, Ok(24.0));
    check(1280.0, 720.0, 0.0, 0.0, Ok(30.0));
    check(1280.0, 720.0, -1.0, f64::NAN, Ok(30.0));
    check(640.0, 480.0, mjpeg, 30.0, Err("640 x 480 MJPG"));
    check(0.0, 0.0, mjpeg, 30.0, Err("0 x 0"));
    check(f64::NAN, 720.0, mjpeg, 30.0, Err("1280 x 720"));
    if cfg!(target_os = "linux") {
        check(1280.0, 720.0, fourcc(b"YUYV"), 30.0, Err("YUYV"));
    }
}
