//! Addresses as texts, exactly as the standard library writes and reads them:
//! its own way is built for every kind of output and costs the page 1.4 KB.

use crate::part::around;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// `127.0.0.1:6379`, `[::1]:6379`.
#[must_use]
#[inline(never)]
pub fn address_text(address: SocketAddr) -> String {
    let mut text = String::new();
    match address.ip() {
        IpAddr::V4(ip) => push_all(&mut text, &ip.octets().map(u16::from), '.', 10),
        IpAddr::V6(ip) => {
            text.push('[');
            push_ipv6(&mut text, ip);
            if let SocketAddr::V6(address) = address
                && address.scope_id() > 0
            {
                text.push('%');
                push_number(&mut text, address.scope_id(), 10);
            }
            text.push(']');
        }
    }
    text.push(':');
    push_number(&mut text, address.port().into(), 10);
    text
}

/// The longest run of zeros is left out, the first of equals; one zero alone stays.
fn push_ipv6(text: &mut String, ip: Ipv6Addr) {
    if let Some(ip) = ip.to_ipv4_mapped() {
        text.push_str("::ffff:");
        return push_all(text, &ip.octets().map(u16::from), '.', 10);
    }
    let groups = ip.segments();
    let (mut start, mut longest) = (0, 1);
    for from in 0..groups.len() {
        let run = groups[from..].iter().take_while(|group| **group == 0).count();
        if run > longest {
            (start, longest) = (from, run);
        }
    }
    if longest == 1 {
        return push_all(text, &groups, ':', 16);
    }
    push_all(text, &groups[..start], ':', 16);
    text.push_str("::");
    push_all(text, &groups[start + longest..], ':', 16);
}

#[inline(never)]
fn push_all(text: &mut String, numbers: &[u16], between: char, radix: u32) {
    for (i, number) in numbers.iter().enumerate() {
        if i > 0 {
            text.push(between);
        }
        push_number(text, (*number).into(), radix);
    }
}

fn push_number(text: &mut String, number: u32, radix: u32) {
    if number >= radix {
        push_number(text, number / radix, radix);
    }
    text.extend(char::from_digit(number % radix, radix));
}

/// What [`address_text`] wrote, and every other way to write an address that
/// the standard library reads.
#[must_use]
#[inline(never)]
pub fn parse_address(text: &str) -> Option<SocketAddr> {
    let port = |text| u16::try_from(number(text, 10)?).ok();
    let Some(inner) = text.strip_prefix('[') else {
        let (host, after) = around(text, ":")?;
        return Some(SocketAddr::from((octets(host)?, port(after)?)));
    };
    let (host, after) = around(inner, "]:")?;
    let (host, scope) = match around(host, "%") {
        Some((host, scope)) => (host, number(scope, 10)?),
        None => (host, 0),
    };
    Some(SocketAddrV6::new(ipv6(host)?, port(after)?, 0, scope).into())
}

fn octets(text: &str) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        if part.len() > 1 && part.starts_with('0') {
            return None;
        }
        *octet = u8::try_from(number(part, 10)?).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

fn ipv6(text: &str) -> Option<Ipv6Addr> {
    let mut all = [0; 8];
    let Some((head, tail)) = around(text, "::") else {
        let groups = groups(text)?;
        return Some(Ipv6Addr::from(<[u16; 8]>::try_from(groups).ok()?));
    };
    let (before, after) = (groups(head)?, groups(tail)?);
    // An address in the other kind's digits is the end of it.
    if head.contains('.') || before.len() + after.len() >= all.len() {
        return None;
    }
    let rest = all.len() - after.len();
    all[..before.len()].copy_from_slice(&before);
    all[rest..].copy_from_slice(&after);
    Some(Ipv6Addr::from(all))
}

#[inline(never)]
fn groups(text: &str) -> Option<Vec<u16>> {
    let mut groups = Vec::new();
    let mut parts = text.split(':').filter(|_| !text.is_empty()).peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none()
            && let Some([a, b, c, d]) = octets(part)
        {
            groups.extend([u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])]);
        } else if part.len() <= 4 {
            groups.push(number(part, 16)? as u16);
        } else {
            return None;
        }
    }
    Some(groups)
}

#[inline(never)]
fn number(digits: &str, radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0_u32, |number, digit| {
        number.checked_mul(radix)?.checked_add(char::from(digit).to_digit(radix)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As std does it.
    fn agree(text: &str) {
        assert_eq!(parse_address(text), text.parse().ok(), "{text}");
    }

    fn any_address() -> impl Strategy<Value = SocketAddr> {
        let group = prop_oneof![2 => Just(0), 1 => Just(0xffff), 1 => any::<u16>(), 1 => 0..20_u16];
        let v6 = (prop::array::uniform8(group), any::<u16>(), prop_oneof![Just(0), any::<u32>()]);
        prop_oneof![
            (any::<[u8; 4]>(), any::<u16>()).prop_map(SocketAddr::from),
            v6.prop_map(|(ip, port, scope)| {
                SocketAddrV6::new(Ipv6Addr::from(ip), port, 0, scope).into()
            }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_address_is_written_and_read_as_std_does(address in any_address()) {
            let text = address.to_string();
            prop_assert_eq!(address_text(address), text.clone());
            prop_assert_eq!(parse_address(&text), Some(address));
        }

        #[test]
        fn what_std_reads_or_refuses_is_read_or_refused(
            text in "(\\[[0-9a-fF:.]{0,24}(%[0-9]{0,11})?\\]:|[0-9.]{5,16}:)[0-9+ ]{0,6}",
            address in any_address(),
            cut in 0..50_usize,
            put in "[0:.f%\\[\\]ü+]{0,2}",
        ) {
            agree(&text);
            let mut text = address.to_string();
            let cut = cut.min(text.len());
            text.insert_str(cut, &put);
            agree(&text);
            let end = (cut + 2 * put.len() + 1).min(text.len());
            if text.is_char_boundary(end) {
                text.replace_range(cut..end, "");
            }
            agree(&text);
        }

        #[test]
        fn groups_around_a_gap_are_read_as_std_does(
            head in prop::collection::vec("[0-9a-f]{1,4}", 0..9),
            gap in "::?:?|",
            tail in prop::collection::vec("[0-9a-f]{1,4}", 0..9),
            dotted in "|:|:?1.2.3.4|:1.02.3.4",
        ) {
            agree(&format!("[{}{gap}{}{dotted}]:1", head.join(":"), tail.join(":")));
        }
    }

    #[test]
    fn the_borders_are_stds() {
        for text in [
            "",
            ":",
            "1.2.3.4",
            "1.2.3.4:",
            "1.2.3.4:65535",
            "1.2.3.4:65536",
            "1.2.3.4:00080",
            "01.2.3.4:1",
            "0.0.0.0:0",
            "256.1.1.1:1",
            "1.2.3:1",
            "1.2.3.4.5:1",
            "1.2.3.4:+1",
            "[::]:1",
            "[]:1",
            "[:::]:1",
            "[::1::]:1",
            "[1::]:1",
            "[1:2:3:4:5:6:7::]:1",
            "[1:2:3:4:5:6:7:8::]:1",
            "[::1:2:3:4:5:6:7:8]:1",
            "[::ffff:1.2.3.4]:1",
            "[1.2.3.4::]:1",
            "[::1.2.3.4:5]:1",
            "[::00001]:1",
            "[::1%]:1",
            "[::1%3]:1",
            "[::1%4294967296]:1",
            "[::1]",
            "::1:1",
            "[::1]1",
            "[::1]:1 ",
            " [::1]:1",
            "[::FFFF]:1",
            "[::g]:1",
            "[1:2:3:4:5:6:1.2.3.4]:1",
            "[1:2:3:4:5:6:7:1.2.3.4]:1",
        ] {
            agree(text);
        }
    }
}
