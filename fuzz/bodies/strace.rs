//! strace's lines: whatever they are, their facts make a trace that reads back
//! and a world, and how they are cut into pieces makes no difference.

use onechef::native::import::Importer;
use onechef::trace::codec::{self, Ending, ReadError};
use onechef::trace::{Record, World};

/// # Panics
/// If the facts depend on the pieces, or are not those of a trace.
pub fn hold(data: &[u8]) {
    let (records, header, ending) = import(data, data.len().max(1), false);
    let (pieces, _, ending_of_pieces) = import(data, 7, false);
    assert_eq!(records, pieces);
    assert_eq!(ending, ending_of_pieces);
    // Looking at what has begun tells the same, only earlier, unless it then
    // goes on as no line does.
    let (glanced, _, _) = import(data, 7, true);
    assert!(ending != Ok(Ending::Complete) || records == glanced);
    let text = codec::to_text(&header, &records);
    let read = codec::read(text.as_bytes()).expect("our own writing");
    assert_eq!(read.records, records);
    let mut world = World::default();
    for record in &records {
        world.fold(record);
        assert!(world.clients.len() as u64 <= world.counters.total_connections_received);
    }
}

type Imported = (Vec<Record>, codec::Header, Result<Ending, ReadError>);

fn import(data: &[u8], piece: usize, glance: bool) -> Imported {
    let (mut importer, mut facts) = (Importer::new(), Vec::new());
    let fed = data.chunks(piece).try_for_each(|bytes| {
        importer.feed(bytes, &mut facts)?;
        if glance {
            importer.glance(&mut facts);
        }
        Ok(())
    });
    let ending = fed.and_then(|()| importer.finish(&mut facts));
    let records = facts.into_iter().zip(0..);
    let records = records.map(|(fact, seq)| Record { seq, at: fact.at, event: fact.event });
    (records.collect(), importer.header(), ending)
}
