//! Is a new certificate shown without a restart, and never half of one?

use injector::Certificate;

use crate::support::{Authority, Mounted, Running, limits, review};

#[tokio::test]
async fn a_new_certificate_is_shown_while_old_connections_go_on() {
    let running = Running::new(limits()).await;
    let mut before = running.connect().await;
    assert_eq!(before.shown(), running.first.shown);

    running
        .counted("otelier_injector_certificate_expiry_timestamp_seconds 67090118400")
        .await;

    let second = running.authority.sign();
    running.mounted.exchange(&second.certificate, &second.key);
    running
        .counted("otelier_injector_certificate_reloads_total{result=\"ok\"} 1")
        .await;

    assert_eq!(running.connect().await.shown(), second.shown);
    let head = "POST /mutate HTTP/1.1\r\ncontent-type: application/json";
    assert_eq!(before.ask(head, &review("shop")).await.code, 200);
}

#[tokio::test]
async fn what_is_of_no_use_does_not_replace_what_is() {
    let running = Running::new(limits()).await;
    let second = running.authority.sign();
    for (number, (certificate, key)) in [
        (second.certificate.as_str(), running.first.key.as_str()),
        ("", second.key.as_str()),
        ("nonsense", "nonsense"),
    ]
    .into_iter()
    .enumerate()
    {
        running.mounted.exchange(certificate, key);
        let said = format!(
            "otelier_injector_certificate_reloads_total{{result=\"error\"}} {}",
            number + 1
        );
        running.counted(&said).await;
        assert_eq!(running.connect().await.shown(), running.first.shown);
    }
    running.mounted.exchange(&second.certificate, &second.key);
    running
        .counted("otelier_injector_certificate_reloads_total{result=\"ok\"} 1")
        .await;
    assert_eq!(running.connect().await.shown(), second.shown);
}

#[test]
fn without_a_certificate_it_does_not_begin() {
    let authority = Authority::new();
    let (one, other) = (authority.sign(), authority.sign());
    for (certificate, key, words) in [
        (
            one.certificate.as_str(),
            other.key.as_str(),
            "of no use together",
        ),
        (&one.certificate, "", "no usable PEM"),
        ("", &one.key, "of no use together"),
    ] {
        let mounted = Mounted::new(&one);
        mounted.exchange(certificate, key);
        let error = Certificate::read(mounted.files()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
