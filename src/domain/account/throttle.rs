//! How fast passwords may be guessed: counters with a growing wait, per name, per person, per address and per known
//! device.
//!
//! An attempt is counted *before* the password is looked at, and taken back when it was right. A hundred guesses at the
//! same moment are then a hundred counts, not one hundred reads of the same low number.
//!
//! What a stranger is told depends on what he typed and on where he is, never on whose name it is: or else two names that
//! must wait together would give away that they are one person's. Whoever is attacked under many names is guarded by a
//! counter that says nothing: while it holds, every password is wrong.
//!
//! Nobody can be locked out for good by somebody else: a wait is at most [`Rule::max_wait`], counts fade, links by mail
//! work meanwhile, and a browser in which the account has signed in before has a counter of its own (see
//! [`super::device`]), which strangers cannot touch.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use aws_lc_rs::digest;

use crate::base::Time;

/// What attempts are counted by.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    /// A name in its normal form, from everywhere, whether or not anybody has it.
    Name(&'a str),
    /// The person who has the name, from everywhere and by any of their names.
    Person(&'a str),
    /// In their place a name that nobody has, so that it takes the same work. Never a person's: or else whoever knows their
    /// id, which apps do, could type it as one more name of theirs.
    Nobody(&'a str),
    /// Somebody who is signed in and proves again who they are.
    Own(&'a str),
    /// One address, on any account.
    Address(IpAddr),
    /// One person in a browser that has signed in to their account before.
    Device {
        /// The person.
        person: &'a str,
        /// The id in the proof that the browser brought.
        device: &'a str,
    },
    /// Somebody who is signed in and guesses the codes of devices.
    UserCode(&'a str),
    /// One address that has documents fetched for its registrations.
    Sector(IpAddr),
    /// A client that replaces what it registered.
    Replacement(&'a str),
    /// A client that asks behind the scenes whether there is such a person.
    Hint(&'a str),
    /// Mails to an address, each kind by itself: who asks for one kind takes nothing from the others.
    Mail {
        /// What the mail is for.
        purpose: MailPurpose,
        /// The address or the name, in normal form.
        to: &'a str,
    },
}

/// What somebody asks a mail for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailPurpose {
    /// A new account.
    Register,
    /// A new password.
    Recover,
    /// Another address for an account.
    ChangeAddress,
    /// What an app asks behind the scenes.
    Approve,
}

impl MailPurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Recover => "recover",
            Self::ChangeAddress => "change_address",
            Self::Approve => "approve",
        }
    }
}

/// Under which a counter is kept: SHA-256 of kind and value, so that the table names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThrottleKey([u8; 32]);

impl ThrottleKey {
    /// The key of `subject`. IPv6 addresses count by their /64, which is what one customer gets.
    pub fn of(subject: Subject<'_>) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        let mut part = |text: &str| {
            context.update(&text.len().to_be_bytes());
            context.update(text.as_bytes());
        };
        match subject {
            Subject::Name(name) => ["name", name].map(&mut part),
            Subject::Person(person) => ["person", person].map(&mut part),
            Subject::Nobody(name) => ["nobody", name].map(&mut part),
            Subject::Own(person) => ["own", person].map(&mut part),
            Subject::UserCode(person) => ["user_code", person].map(&mut part),
            Subject::Address(address) => ["address", &network(address).to_string()].map(&mut part),
            Subject::Sector(address) => ["sector", &network(address).to_string()].map(&mut part),
            Subject::Replacement(client_id) => ["replacement", client_id].map(&mut part),
            Subject::Hint(client_id) => ["hint", client_id].map(&mut part),
            Subject::Device { person, device } => {
                part("device");
                [person, device].map(&mut part)
            }
            Subject::Mail { purpose, to } => {
                part("mail");
                [purpose.name(), to].map(&mut part)
            }
        };
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// What comes before a person's id in what is hashed for their [`Subject::Person`]: for the database, which finds the
    /// person and counts the attempt at once.
    pub fn before_person(id_length: usize) -> Vec<u8> {
        let kind = "person";
        [&kind.len().to_be_bytes()[..], kind.as_bytes(), &id_length.to_be_bytes()].concat()
    }

    /// The 32 bytes, for the database.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// An IPv4 address itself, also out of its IPv6 form; of an IPv6 address the first 64 bits.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// How waits grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Failures without a wait.
    pub free: u32,
    /// The first wait; each further failure doubles it.
    pub first_wait: Duration,
    /// The longest wait.
    pub max_wait: Duration,
    /// One failure is forgotten per such span without a failure.
    pub forget_after: Duration,
}

/// The rules for each kind of subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// For [`Subject::Name`], [`Subject::Own`], [`Subject::UserCode`], [`Subject::Sector`] and [`Subject::Mail`].
    pub name: Rule,
    /// For [`Subject::Person`]: more than a single name can bring about, so that nobody is told that the right password
    /// is wrong while only one of their names is attacked.
    pub person: Rule,
    /// For [`Subject::Address`]: whole offices and schools sit behind one. And for [`Subject::Hint`]: all people of an app
    /// stand behind that, some of whom mistype.
    pub address: Rule,
    /// For [`Subject::Device`].
    pub device: Rule,
}

impl Default for Rules {
    /// In the long run an attacker gets some 150 guesses a day at one person, and 300 an hour from one address.
    fn default() -> Self {
        let name = Rule {
            free: 5,
            first_wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(15 * 60),
            forget_after: Duration::from_secs(10 * 60),
        };
        Self {
            name,
            person: Rule { free: 20, ..name },
            address: Rule {
                free: 100,
                forget_after: Duration::from_secs(12),
                ..name
            },
            device: Rule { free: 10, ..name },
        }
    }
}

impl Rule {
    /// How long to wait after so many failures.
    pub fn wait_after(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        self.first_wait.saturating_mul(factor).min(self.max_wait)
    }

    /// Where counters stop, so that they fade in bounded time: the failures after which the wait is the longest.
    pub fn most(&self) -> u32 {
        // 32 doublings of even a millisecond are 49 days.
        let last = self.free.saturating_add(32);
        (0..last)
            .find(|failures| self.wait_after(*failures) >= self.max_wait)
            .unwrap_or(last)
    }
}

/// Whether an attempt may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is counted; go on, and say how it ended.
    Allow,
    /// It is counted, does its work and fails, whatever comes out: like a wrong password, and nobody can tell.
    Fail,
    /// Too many failed before. It must not be tried.
    Wait {
        /// The earliest moment for the next attempt.
        until: Time,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_begin_after_the_free_failures_double_and_stop_growing() {
        let rule = Rules::default().name;
        let seconds: Vec<u64> = (0..=rule.most())
            .map(|failures| rule.wait_after(failures).as_secs())
            .collect();
        assert_eq!(seconds, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900]);
        assert_eq!(rule.wait_after(u32::MAX), Duration::from_secs(900));
        let eager = Rule { free: 0, ..rule };
        assert_eq!(eager.wait_after(0), Duration::from_secs(1));
    }

    #[test]
    fn subjects_of_different_kinds_never_share_a_counter() {
        let device = |person, device| Subject::Device { person, device };
        let mail = |purpose, to| Subject::Mail { purpose, to };
        let keys = [
            Subject::Name("127.0.0.1"),
            Subject::Person("127.0.0.1"),
            Subject::Nobody("127.0.0.1"),
            Subject::Own("127.0.0.1"),
            Subject::UserCode("127.0.0.1"),
            Subject::Address(IpAddr::from([127, 0, 0, 1])),
            Subject::Sector(IpAddr::from([127, 0, 0, 1])),
            Subject::Hint("127.0.0.1"),
            Subject::Replacement("127.0.0.1"),
            device("ab", "c"),
            device("a", "bc"),
            mail(MailPurpose::Register, "127.0.0.1"),
            mail(MailPurpose::Recover, "127.0.0.1"),
            mail(MailPurpose::ChangeAddress, "127.0.0.1"),
            mail(MailPurpose::Approve, "127.0.0.1"),
        ]
        .map(ThrottleKey::of);
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key));
        }
    }

    #[test]
    fn addresses_of_one_customer_share_a_counter() {
        let key = |text: &str| ThrottleKey::of(Subject::Address(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
