//! What servers answer, as frames: RESP2 and RESP3, read strictly.

/// One reply or push. Lengths are gone; what they framed is here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Frame {
    /// Its first byte: `+`, `$`, `*`, …
    pub kind: u8,
    /// The line of a line-like frame, the bytes of a bulk; `-1` of a null.
    pub text: Vec<u8>,
    /// Of an aggregate; the parts of a map are its keys and values in turn.
    pub items: Vec<Frame>,
    /// `$-1` and `*-1`.
    pub null: bool,
}

impl Frame {
    /// Of RESP3, or what it would be in RESP2: whoever subscribes and publishes
    /// in one transaction gets the message there as a list like any other.
    pub fn is_push(&self) -> bool {
        let first = self.items.first().map(|kind| kind.text.as_slice());
        let parts = (first, self.items.len());
        self.kind == b'>'
            || self.kind == b'*' && matches!(parts, (Some(b"message"), 3) | (Some(b"pmessage"), 4))
    }
}

/// Bytes that are no reply, whatever follows.
#[derive(Debug, PartialEq, Eq)]
pub struct NotResp;

/// Takes all complete frames from the front of `bytes`. A push that an older
/// Redis wrote into the midst of a reply comes after that reply.
pub fn take_frames(bytes: &mut Vec<u8>) -> Result<Vec<Frame>, NotResp> {
    let (mut frames, mut at) = (Vec::new(), 0);
    let mut pushes = Vec::new();
    while let Some((frame, after)) = frame_at(bytes, at, &mut pushes)? {
        frames.push(frame);
        frames.append(&mut pushes);
        at = after;
    }
    bytes.drain(..at);
    Ok(frames)
}

/// The frame that begins at `at` and where it ends; `None` if it is not whole.
fn frame_at(
    bytes: &[u8],
    at: usize,
    pushes: &mut Vec<Frame>,
) -> Result<Option<(Frame, usize)>, NotResp> {
    let Some(line_len) = bytes[at.min(bytes.len())..].windows(2).position(|w| w == b"\r\n") else {
        return Ok(None);
    };
    let (kind, line) = match &bytes[at..at + line_len] {
        [kind, line @ ..] => (*kind, line),
        [] => return Err(NotResp),
    };
    let after = at + line_len + 2;
    let mut frame = Frame { kind, text: Vec::new(), items: Vec::new(), null: false };
    match kind {
        b'+' | b'-' | b':' | b',' | b'#' | b'_' | b'(' => {
            frame.text = line.to_vec();
            Ok(Some((frame, after)))
        }
        b'$' | b'=' | b'!' | b'*' | b'%' | b'~' | b'>' => {
            let Some(len) = length(line)? else {
                frame.null = true;
                return Ok(Some((frame, after)));
            };
            if matches!(kind, b'$' | b'=' | b'!') {
                bulk(bytes, frame, after, len)
            } else {
                aggregate(bytes, frame, after, len, pushes)
            }
        }
        _ => Err(NotResp),
    }
}

/// As servers write it: digits, or `-1` for a null.
fn length(line: &[u8]) -> Result<Option<usize>, NotResp> {
    if line == b"-1" {
        return Ok(None);
    }
    let text = std::str::from_utf8(line).map_err(|_| NotResp)?;
    let len: usize = text.parse().map_err(|_| NotResp)?;
    if len.to_string() == text { Ok(Some(len)) } else { Err(NotResp) }
}

fn bulk(
    bytes: &[u8],
    mut frame: Frame,
    at: usize,
    len: usize,
) -> Result<Option<(Frame, usize)>, NotResp> {
    if bytes.len() < at + len + 2 {
        return Ok(None);
    }
    if &bytes[at + len..at + len + 2] != b"\r\n" {
        return Err(NotResp);
    }
    frame.text = bytes[at..at + len].to_vec();
    Ok(Some((frame, at + len + 2)))
}

fn aggregate(
    bytes: &[u8],
    mut frame: Frame,
    mut at: usize,
    len: usize,
    pushes: &mut Vec<Frame>,
) -> Result<Option<(Frame, usize)>, NotResp> {
    let parts = if frame.kind == b'%' { len * 2 } else { len };
    while frame.items.len() < parts {
        match frame_at(bytes, at, pushes)? {
            Some((item, after)) => {
                let into = if item.is_push() { &mut *pushes } else { &mut frame.items };
                into.push(item);
                at = after;
            }
            None => return Ok(None),
        }
    }
    Ok(Some((frame, at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the comparison from comparing nothing.
    #[test]
    fn frames_are_read_whole_or_not_at_all() {
        let whole = b"+OK\r\n$3\r\na\r\n\r\n*2\r\n:1\r\n$-1\r\n%1\r\n+k\r\n_\r\n".to_vec();
        let mut bytes = whole.clone();
        let frames = take_frames(&mut bytes).expect("well-formed");
        assert_eq!(frames.len(), 4);
        assert!(bytes.is_empty());
        assert_eq!(frames[1].text, b"a\r\n");
        assert_eq!(frames[2].items.len(), 2);
        assert!(frames[2].items[1].null);
        for cut in 0..whole.len() {
            let mut part = whole[..cut].to_vec();
            let mut got = take_frames(&mut part).expect("a prefix is no error");
            part.extend_from_slice(&whole[cut..]);
            got.extend(take_frames(&mut part).expect("nor is the rest"));
            assert_eq!(got, frames, "cut at {cut}");
        }
    }

    #[test]
    fn a_push_in_the_midst_of_a_reply_is_no_part_of_it() {
        let mut bytes = b"*1\r\n>1\r\n+p\r\n:1\r\n".to_vec();
        let frames = take_frames(&mut bytes).expect("well-formed");
        let kinds: Vec<u8> = frames.iter().map(|frame| frame.kind).collect();
        assert_eq!(kinds, b"*>");
        assert_eq!(frames[0].items.len(), 1);
    }

    #[test]
    fn so_is_a_message_of_the_older_protocol() {
        let mut bytes = b"*2\r\n*1\r\n+message\r\n*3\r\n+message\r\n+n\r\n+x\r\n:1\r\n".to_vec();
        let frames = take_frames(&mut bytes).expect("well-formed");
        assert_eq!(frames.len(), 2);
        let kinds: Vec<u8> = frames[0].items.iter().map(|item| item.kind).collect();
        assert_eq!(kinds, b"*:", "a list that only begins like one is an item");
        assert_eq!(frames[1].items[2].text, b"x");
    }

    #[test]
    fn what_no_server_writes_is_seen() {
        for bytes in [&b"?\r\n"[..], b"\r\n", b"$01\r\na\r\n", b"$1\r\nabc", b"*x\r\n", b"$-2\r\n"]
        {
            assert_eq!(take_frames(&mut bytes.to_vec()), Err(NotResp), "{bytes:?}");
        }
    }
}
