//! Episodes drawn from a seed.
//!
//! First which families are on the menu and how often, then what is ordered:
//! if everything were always possible, rare company would never meet.

use super::damage;
use super::dice::Dice;
use super::grammar;
use super::menu::{FAMILIES, Offer};
use super::script::{Episode, Guest, Mask, Order, Payload, Step, Word};
use super::values::Table;

const GUESTS_MAX: usize = 4;
const PASSWORD: &str = "sesame";
/// Over within a [`Step::Lapse`].
const SHORT_LIVED: [&str; 7] = [
    "SET @key @value PX @soon",
    "PSETEX @key @soon @value",
    "PEXPIRE @key @soon",
    "GETEX @key PX @soon",
    "{BLPOP|BRPOP} @key 0.00@soon",
    "BLMOVE @key @key LEFT RIGHT 0.01",
    "BLMPOP 0.01 1 @key LEFT",
];

/// What is known of a guest while drawing; the servers may know better, but
/// never less.
#[derive(Clone, Default)]
struct State {
    in_transaction: bool,
    may_wait: bool,
    /// Half a request may be waiting for what it swallows: numbers that differ
    /// between the servers would come out as texts that differ.
    garbled: bool,
}

struct Draft<'a> {
    dice: &'a mut Dice,
    table: Table,
    /// Each offer as often as its family's weight.
    offers: Vec<&'static Offer>,
    guests: Vec<State>,
    raw: bool,
    splits: bool,
    steps: Vec<Step>,
}

/// The episode of these dice.
pub fn episode(dice: &mut Dice) -> Episode {
    let guests = 1 + dice.below(GUESTS_MAX);
    let password = dice.chance(8).then_some(PASSWORD);
    let mut draft = Draft {
        table: Table { guests, password },
        offers: offers(dice),
        guests: vec![State::default(); guests],
        raw: dice.chance(20),
        splits: dice.chance(40),
        steps: Vec::new(),
        dice,
    };
    for guest in 0..guests {
        draft.arrive(guest);
    }
    for _ in 0..10 + draft.dice.below(50) {
        draft.step();
    }
    Episode { password, steps: draft.steps }
}

/// A third of the families or so, each with a weight of its own.
fn offers(dice: &mut Dice) -> Vec<&'static Offer> {
    let mut offers = Vec::new();
    while offers.is_empty() {
        for family in FAMILIES {
            let weight = if dice.chance(35) { 1 + dice.below(3) } else { 0 };
            (0..weight).for_each(|_| offers.extend(*family));
        }
    }
    offers
}

impl Draft<'_> {
    fn arrive(&mut self, guest: Guest) {
        self.guests[guest] = State::default();
        self.steps.push(Step::Open(guest));
        if self.table.password.is_some() && self.dice.chance(70) {
            self.say(guest, &["AUTH @password"]);
        }
        if self.dice.chance(40) {
            self.say(guest, &["HELLO 3"]);
        }
    }

    fn step(&mut self) {
        let guest = self.dice.below(self.table.guests);
        match self.dice.below(100) {
            0 => self.lapse(guest),
            1 => {
                self.steps.push(Step::Close(guest));
                self.arrive(guest);
            }
            2 if self.dice.chance(50) => {
                self.steps.push(Step::HalfClose(guest));
                self.arrive(guest);
            }
            2 => self.pause(guest),
            3..=22 if self.raw => self.send_raw(guest),
            23..=26 => self.many(guest),
            27..=40 => {
                let count = 2 + self.dice.below(4);
                self.send(guest, count);
            }
            _ => self.send(guest, 1),
        }
    }

    /// Something that ends by itself, and its end. Not for whoever may wait or
    /// has a transaction open: there it would begin later than its end.
    fn lapse(&mut self, guest: Guest) {
        let state = &self.guests[guest];
        if !state.may_wait && !state.in_transaction {
            self.say(guest, &SHORT_LIVED);
            self.steps.push(Step::Lapse);
        }
    }

    /// An order that has to wait, and the end of that.
    fn pause(&mut self, guest: Guest) {
        if self.guests[guest].in_transaction || self.guests[guest].may_wait {
            return;
        }
        self.say(guest, &["CLIENT PAUSE {0|1|20} ?{WRITE|ALL}"]);
        let other = self.dice.below(self.table.guests);
        self.send(other, 1);
        self.steps.push(Step::Lapse);
    }

    /// One order of one of these patterns.
    fn say(&mut self, guest: Guest, patterns: &[&str]) {
        let pattern = self.dice.pick(patterns);
        let words = grammar::draw(pattern, &self.table, self.dice);
        let order = Order { words, mask: Mask::Exact, inline: false };
        self.push(guest, vec![order]);
    }

    fn send(&mut self, guest: Guest, count: usize) {
        let mut orders = Vec::new();
        for _ in 0..count {
            let State { in_transaction, may_wait, .. } = self.guests[guest];
            let order = self.order(guest, count > 1 || in_transaction || may_wait);
            self.guests[guest].note(&order);
            orders.push(order);
        }
        self.push(guest, orders);
    }

    /// The same order many times: more than one read, more than one write.
    fn many(&mut self, guest: Guest) {
        // Strangers who get more than fits their buffer are shown out, and how
        // large that is depends on how long ago it was last full.
        if self.dice.chance(70) || self.table.password.is_some() {
            return self.send(guest, 1);
        }
        let order = self.order(guest, true);
        self.guests[guest].note(&order);
        let count = 20 + self.dice.below(60);
        self.push(guest, vec![order; count]);
    }

    fn order(&mut self, guest: Guest, exact: bool) -> Order {
        let garbled = self.guests[guest].garbled;
        let fits = |offer: &Offer| {
            let names = offer.pattern.contains("@id") || offer.pattern.contains("@address");
            !(exact && offer.mask != Mask::Exact || garbled && names)
        };
        let mut offer = self.dice.pick(&self.offers);
        while !fits(offer) {
            offer = self.dice.pick(&self.offers);
        }
        let words = grammar::draw(offer.pattern, &self.table, self.dice);
        let mut order = Order { words, mask: offer.mask, inline: self.dice.chance(6) };
        // Where a long line is cut decides whether it is too long.
        order.inline &= order.words.iter().all(|word| match word {
            Word::Bytes(bytes) => bytes.len() < 1_000,
            Word::IdOf(_) | Word::AddressOf(_) => true,
        });
        if offer.damageable && self.dice.chance(8) {
            damage::damage(&mut order, self.dice);
        }
        order
    }

    fn push(&mut self, guest: Guest, orders: Vec<Order>) {
        orders.iter().for_each(|order| self.guests[guest].note(order));
        let cuts = self.cuts();
        self.steps.push(Step::Send { guest, payload: Payload::Orders(orders), cuts });
    }

    fn send_raw(&mut self, guest: Guest) {
        let valid = Payload::Orders(vec![self.order(guest, true)]).encode(&[]);
        let bytes = damage::raw(&valid, self.dice);
        // Whatever it was: from now on only answers that can be compared.
        self.guests[guest].may_wait = true;
        self.guests[guest].garbled = true;
        let cuts = self.cuts();
        self.steps.push(Step::Send { guest, payload: Payload::Raw(bytes), cuts });
        if self.dice.chance(30) {
            self.steps.push(Step::Close(guest));
            self.arrive(guest);
        }
    }

    fn cuts(&mut self) -> Vec<u16> {
        if !self.splits || !self.dice.chance(30) {
            return Vec::new();
        }
        let mut cuts: Vec<u16> =
            (0..1 + self.dice.below(3)).map(|_| self.dice.between(0, 1000) as u16).collect();
        cuts.sort_unstable();
        cuts.dedup();
        cuts
    }
}

impl State {
    fn note(&mut self, order: &Order) {
        let alone = order.words.len() == 1;
        if order.is("multi") {
            self.in_transaction = true;
        } else if alone && (order.is("exec") || order.is("discard") || order.is("reset")) {
            self.in_transaction = false;
        } else if let Some(Word::Bytes(name)) = order.words.first() {
            let waits = name.first().is_some_and(|b| b.eq_ignore_ascii_case(&b'b'));
            self.may_wait |= waits;
        }
    }
}
