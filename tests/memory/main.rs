//! What clients cost in memory, counted by an allocator: no estimates.

mod crowd;
#[cfg(target_os = "linux")]
mod port;

use allocation_counter::{AllocationInfo, measure};
use crowd::{House, PING};
use onechef::time::Micros;
#[cfg(target_os = "linux")]
use port::Port;

/// What an idle client may take of the engine.
const IDLE_CLIENT_BYTES: u64 = 256;

fn held(info: AllocationInfo) -> u64 {
    u64::try_from(info.bytes_current).expect("more was allocated than freed")
}

/// Protects: thousands of idle connections cost little, whatever their number
/// (tables that double are at their emptiest just after).
#[test]
fn an_idle_client_takes_at_most_256_bytes() {
    for guests in [1_000, 4_097, 10_000, 16_385, 19_000] {
        let mut house = House::open();
        house.seat_and_serve(1);
        let seated = measure(|| {
            house.seat_and_serve(guests);
            house.rest(Micros::from_secs(3));
        });
        let each = held(seated).div_ceil(u64::from(guests));
        println!("{guests} guests: {each} bytes each");
        assert!(each <= IDLE_CLIENT_BYTES, "{guests} guests: {each} bytes each");
    }
}

/// Protects: ten thousand who say a little at a time take little more than
/// what they have said, not a buffer each.
#[test]
fn half_a_request_takes_what_has_been_said() {
    const SAID: &[u8] = b"*2\r\n$4\r\nECHO\r\n$100\r\nhalf of it";
    let mut house = House::open();
    house.seat_and_serve(10_000);
    house.rest(Micros::from_secs(3));
    let said = measure(|| {
        for byte in SAID {
            house.hear_from_all(&[*byte]);
        }
        house.rest(Micros::from_secs(1));
    });
    let each = held(said).div_ceil(10_000);
    println!("{each} bytes each for {} that arrived", SAID.len());
    assert!(each <= 8 * SAID.len() as u64 + 128, "{each} bytes each");
}

/// Protects: what guests took goes back when they go, also when some of them
/// left half a request and others a reply that nobody read.
#[test]
fn after_everybody_has_left_the_heap_is_where_it_was() {
    let mut house = House::open();
    // What the house keeps ready whether or not anybody is there.
    house.seat_and_serve(100);
    house.leave();
    house.rest(Micros::from_secs(3));
    for guests in [10, 1_000, 10_000] {
        let evening = measure(|| {
            house.seat_and_serve(guests);
            house.hear_from_all(b"*2\r\n$4\r\nECHO\r\n$100\r\nhalf of it");
            house.stop_reading();
            house.hear_from_all(b"\r\n");
            house.hear_from_all(&[b'x'; 90]);
            house.hear_from_all(&PING.repeat(300));
            house.leave();
            house.rest(Micros::from_secs(3));
        });
        println!(
            "{guests} guests: at most {} bytes, {:+} after",
            evening.bytes_max, evening.bytes_current
        );
        assert_eq!(house.clients(), 0);
        assert_eq!(evening.bytes_current, 0, "{guests} guests left something behind");
    }
}

/// Protects: the tables that many keys needed shrink when the keys are gone,
/// deleted or ended.
#[test]
fn the_room_of_keys_goes_back_after_them() {
    const KEYS: u32 = 100_000;
    let mut house = House::open();
    house.seat_and_serve(1);
    let say_of_all = |house: &mut House, before: &str, after: &str| {
        for first in (0..KEYS).step_by(250) {
            let one = |n| format!("{before} key:{n:06} {after}\r\n");
            house.hear_from_all((first..first + 250).map(one).collect::<String>().as_bytes());
        }
    };
    for (set, del) in [("v", "DEL"), ("v PX 100000", "EXISTS")] {
        let gone = measure(|| {
            say_of_all(&mut house, "SET", set);
            say_of_all(&mut house, del, "");
            house.rest(Micros::from_secs(200));
        });
        println!("{set}: at most {} bytes, {:+} after", gone.bytes_max, gone.bytes_current);
        assert!(gone.bytes_current < 2 * 1024, "{} bytes left behind", gone.bytes_current);
    }
}

/// Protects: a flood of connects and closes leaves nothing.
#[test]
fn whoever_only_looks_in_leaves_nothing() {
    let mut house = House::open();
    let wave = |house: &mut House| {
        house.seat_and_serve(50);
        house.leave();
        house.rest(Micros::from_millis(1));
    };
    wave(&mut house);
    house.rest(Micros::from_secs(3));
    let flood = measure(|| {
        (0..1_000).for_each(|_| wave(&mut house));
        house.rest(Micros::from_secs(3));
    });
    assert_eq!(flood.bytes_current, 0);
}

/// Protects: nobody takes memory by announcing something. What is allocated
/// follows what has arrived.
#[test]
fn an_announcement_costs_nothing() {
    for announcement in [
        "*1048576\r\n",
        "*2147483647\r\n",
        "*1\r\n$400000000\r\n",
        "*2\r\n$3\r\nGET\r\n$536870912\r\n",
    ] {
        let mut house = House::open();
        house.seat_and_serve(1);
        let announced = measure(|| house.hear_from_all(announcement.as_bytes()));
        println!("{announcement:?}: at most {} bytes", announced.bytes_max);
        assert!(announced.bytes_max <= ROOM_BYTES, "{announcement:?}: {}", announced.bytes_max);
    }
}

/// What reading may take before anything has arrived: a query buffer, and
/// what the parser keeps of a request.
const ROOM_BYTES: u64 = 32 * 1024;

/// Protects: the same while it arrives, for one large argument and for a
/// great many small ones.
#[test]
fn memory_follows_what_has_arrived() {
    // A buffer that doubles is there twice while it moves.
    let one_large = ("*1\r\n$400000000\r\n", "x".repeat(4_000), 4);
    // An argument of one byte takes seven to say and sixteen to remember.
    let many_small = ("*1048576\r\n", "$1\r\nx\r\n".repeat(600), 8);
    for (announcement, piece, most_per_byte) in [one_large, many_small] {
        let mut house = House::open();
        house.seat_and_serve(1);
        let mut arrived = announcement.len() as u64;
        let most = measure(|| {
            house.hear_from_all(announcement.as_bytes());
            for _ in 0..500 {
                house.hear_from_all(piece.as_bytes());
                arrived += piece.len() as u64;
            }
        });
        println!("{announcement:?}: {} bytes for {arrived} that arrived", most.bytes_max);
        assert!(most.bytes_max <= ROOM_BYTES + most_per_byte * arrived, "{announcement:?}");
    }
}

/// Protects: on a real port, too, nothing stays of those who came and went:
/// neither sockets nor memory, the network's own tables included.
#[cfg(target_os = "linux")]
#[test]
fn a_flood_on_a_real_port_leaves_neither_sockets_nor_memory() {
    let mut port = Port::open();
    let wave = |port: &mut Port| {
        port.seat(100);
        port.close_all();
    };
    // The kernel's and the allocator's own habits settle.
    wave(&mut port);
    let before = open_sockets();
    let flood = measure(|| (0..30).for_each(|_| wave(&mut port)));
    assert_eq!(open_sockets(), before, "sockets left open");
    println!("{} bytes were taken in all, {:+} stayed", flood.bytes_total, flood.bytes_current);
    assert!(flood.bytes_current < CHANCE_BYTES, "{} bytes left behind", flood.bytes_current);
}

/// How many become ready in one wait is the kernel's to choose, and lists of
/// them grow with it. One connection in a hundred that left anything behind
/// would already be more.
const CHANCE_BYTES: i64 = 4 * 1024;

/// Of this process: no other test here opens any.
#[cfg(target_os = "linux")]
fn open_sockets() -> usize {
    let descriptors = std::fs::read_dir("/proc/self/fd").expect("Linux has it");
    let targets = descriptors.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}
