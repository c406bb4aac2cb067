//! Are windows and settings kept as both sides understand them?

use crate::http2::{
    Code, Error, FIRST_WINDOW, HEAD, MAX_WINDOW, ReceiveWindow, SendWindow, Settings,
};

#[test]
fn a_window_may_become_negative_and_recovers() {
    let mut window = SendWindow::new(FIRST_WINDOW);
    window.take(60_000);
    assert_eq!(window.available(), 5_535);
    window.resize(FIRST_WINDOW, 1000).unwrap();
    assert_eq!(window.available(), 0, "59,000 were sent too much");
    window.grow(59_000).unwrap();
    assert_eq!(window.available(), 0);
    window.grow(7).unwrap();
    assert_eq!(window.available(), 7);
    window.resize(1000, MAX_WINDOW).unwrap();
    assert!(
        window.grow(MAX_WINDOW).is_err(),
        "there is a largest window"
    );
    let mut window = SendWindow::new(MAX_WINDOW);
    assert!(window.grow(1).is_err());
    let error = SendWindow::new(2).resize(0, MAX_WINDOW).unwrap_err();
    assert_eq!(error.code(), Code::FlowControl);
}

#[test]
fn what_is_used_is_given_back_in_halves() {
    let mut window = ReceiveWindow::new(100);
    assert_eq!(window.take(60), Some(()));
    assert_eq!(window.release(30), None);
    assert_eq!(window.release(20), Some(50));
    assert_eq!((window.left(), window.take(91)), (90, None));
    assert_eq!(window.take(90), Some(()));
    assert_eq!((window.left(), window.release(10)), (0, None));
    assert_eq!(window.settle(), Some(10));
    assert_eq!(window.settle(), None);
    assert_eq!(window.enlarge(150), Some(50));
    assert_eq!((window.enlarge(120), window.left()), (None, 60));
}

#[test]
fn settings_are_heard_as_they_were_said() {
    let settings = Settings {
        header_table_size: 0,
        enable_push: 0,
        max_concurrent_streams: Some(7),
        initial_window_size: 1 << 20,
        max_frame_size: 1 << 20,
        max_header_list_size: Some(9),
    };
    let mut frame = Vec::new();
    settings.put(&mut frame);
    let mut heard = Settings::default();
    heard.apply(&frame[HEAD..]).unwrap();
    assert_eq!(heard, settings);
    let mut frame = Vec::new();
    Settings::default().put(&mut frame);
    assert_eq!(frame.len(), HEAD, "what is taken for granted is not said");
}

#[test]
fn settings_that_cannot_be_are_refused() {
    let apply = |id: u8, value: u32| {
        let payload = [&[0, id][..], &value.to_be_bytes()].concat();
        Settings::default()
            .apply(&payload)
            .map_err(|error| match error {
                Error::Connection(code, _) => code,
                Error::Stream(..) => panic!("settings are of the connection"),
            })
    };
    let cases = [
        (2, 1, Ok(())),
        (2, 2, Err(Code::Protocol)),
        (4, MAX_WINDOW, Ok(())),
        (4, MAX_WINDOW + 1, Err(Code::FlowControl)),
        (5, 16_383, Err(Code::Protocol)),
        (5, 16_384, Ok(())),
        (5, (1 << 24) - 1, Ok(())),
        (5, 1 << 24, Err(Code::Protocol)),
        (99, u32::MAX, Ok(())),
    ];
    for (id, value, expected) in cases {
        assert_eq!(apply(id, value), expected, "{id} = {value}");
    }
}
