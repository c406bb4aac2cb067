//! What happens to blocks that are broken, or meant to do harm?

use proptest::prelude::*;

use super::{
    super::{DecodeError, Decoder, Listed, put_field, put_secret},
    fields,
};

#[test]
fn what_is_broken_is_refused() {
    let cases: [(&[u8], DecodeError); 8] = [
        (&[0x80], DecodeError::Index(0)),
        (&[0xbe], DecodeError::Index(62)),
        (&[0x7e, 0x00], DecodeError::Index(62)),
        (&[0x00, 0x05, b'a'], DecodeError::Short),
        (&[0x04], DecodeError::Short),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0x01], DecodeError::Number),
        (&[0x3f, 0xe2, 0x1f], DecodeError::Size),
        (&[0x82, 0x20], DecodeError::Size),
    ];
    for (block, error) in cases {
        assert_eq!(
            fields(&mut Decoder::new(4096), block),
            Err(error),
            "{block:?}"
        );
    }
}

#[test]
fn the_table_becomes_as_small_as_the_peer_says_and_never_larger_than_we_said() {
    let mut decoder = Decoder::new(100);
    let add = [&[0x40, 1, b'a', 20][..], &[b'b'; 20]].concat();
    fields(&mut decoder, &add).unwrap();
    assert_eq!(decoder.table().size(), 53);
    fields(&mut decoder, &add).unwrap();
    assert_eq!(decoder.table().entries().len(), 1, "two are over a hundred");
    // Down to 0 and up to 60 again, as a peer does that clears it.
    fields(&mut decoder, &[0x20, 0x3f, 29]).unwrap();
    assert_eq!(decoder.table().size(), 0);
    fields(&mut decoder, &add).unwrap();
    assert_eq!(
        fields(&mut decoder, &[0x3f, 70]),
        Err(DecodeError::Size),
        "101"
    );
}

#[test]
fn a_field_that_takes_the_name_of_the_one_that_it_drives_out_keeps_it() {
    let mut decoder = Decoder::new(40);
    fields(&mut decoder, &[0x40, 2, b'a', b'b', 1, b'1']).unwrap();
    fields(&mut decoder, &[0x7e, 1, b'2']).unwrap();
    assert_eq!(
        decoder.table().entries(),
        [("ab".to_owned(), "2".to_owned())]
    );
}

#[test]
fn a_list_that_is_too_large_ends_and_the_table_is_right_after_it() {
    let mut decoder = Decoder::new(4096);
    // One large field, and then a thousand times one byte that means it.
    let large = [&[0x40, 1, b'a', 0x7f, 0xa1, 0x0f][..], &[b'b'; 2080]].concat();
    let bomb = [large, vec![0xbe; 1000], vec![0x40, 1, b'c', 1, b'd']].concat();
    let mut seen = 0;
    let listed = decoder.decode(&bomb, 16 << 10, |_, value| seen += value.len());
    assert_eq!((listed, seen), (Ok(Listed::TooLarge), 7 * 2080));
    let after = fields(&mut decoder, &[0xbe]).unwrap();
    assert_eq!(after, [("c".to_owned(), "d".to_owned())]);
}

#[test]
fn what_is_written_refers_to_the_static_table_where_it_can() {
    let mut block = Vec::new();
    put_field(&mut block, b":status", b"200");
    put_field(&mut block, b":path", b"!");
    put_field(&mut block, b"!", b"");
    put_secret(&mut block, b"authorization", b"!");
    assert_eq!(
        block,
        [0x88, 0x04, 1, b'!', 0x00, 1, b'!', 0, 0x1f, 8, 1, b'!']
    );
}

/// Bytes that are likelier to be fields than any bytes are.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        (0x80_u8..0xff).prop_map(|byte| vec![byte]),
        "[a-z]{0,9}".prop_map(|name| [
            &[0x40, 1, b'n', u8::try_from(name.len()).unwrap()],
            name.as_bytes()
        ]
        .concat()),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_block_makes_it_panic_or_keep_more_than_it_may(blocks in prop::collection::vec(likely(), 1..6)) {
        let mut decoder = Decoder::new(200);
        for block in blocks {
            let mut size = 0;
            let result = decoder.decode(&block, 300, |name, value| size += name.len() + value.len() + 32);
            prop_assert!(size <= 300 && decoder.table().size() <= 200);
            if result.is_err() {
                break;
            }
        }
    }

    #[test]
    fn what_is_written_is_read(list in prop::collection::vec(("[!-~]{1,40}", "[ -~]{0,60}"), 0..20)) {
        let mut block = Vec::new();
        for (index, (name, value)) in list.iter().enumerate() {
            let put = if index % 2 == 0 { put_field } else { put_secret };
            put(&mut block, name.as_bytes(), value.as_bytes());
        }
        prop_assert_eq!(fields(&mut Decoder::new(0), &block).unwrap(), list);
    }
}
