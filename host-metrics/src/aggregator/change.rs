//! One change of the counts, as it is kept: what is added, and the identity by which it is added once.

use portent_event::Digest;

use crate::codec::{DecodeError, Decoder, Encoder};
use crate::ingest::deliveries::Delivery;
use crate::ingest::tail::{FileIdentity, FilePosition};
use crate::registry::Registry;

/// Everything that changes at once.
#[derive(Debug, Default)]
pub(super) struct Change {
    /// What is added to the counts.
    pub(super) counts: Registry,
    /// Whence it came.
    pub(super) origin: Origin,
}

/// The identity of what is added.
#[derive(Debug, Default)]
pub(super) enum Origin {
    /// None: it comes once by its nature.
    #[default]
    Anonymous,
    /// A delivery by HTTP.
    Delivery(OwnedDelivery),
    /// A followed file, and how far it is read with this.
    File(FileIdentity, FilePosition),
    /// A file that is not followed any more.
    Forgotten(FileIdentity),
}

/// A [`Delivery`] that outlives its request.
#[derive(Debug)]
pub(super) struct OwnedDelivery {
    source: String,
    sequence: u64,
    oldest_event: u64,
    arrived: u64,
}

impl From<&Delivery<'_>> for OwnedDelivery {
    fn from(delivery: &Delivery<'_>) -> Self {
        let Delivery { source, sequence, oldest_event, arrived } = *delivery;
        Self { source: source.to_owned(), sequence, oldest_event, arrived }
    }
}

impl OwnedDelivery {
    pub(super) fn borrow(&self) -> Delivery<'_> {
        let Self { source, sequence, oldest_event, arrived } = self;
        Delivery { source, sequence: *sequence, oldest_event: *oldest_event, arrived: *arrived }
    }
}

impl Change {
    /// The change as the record of the journal. Models for which `is_described` holds are not described again.
    pub(super) fn encode(&self, is_described: &dyn Fn(&Digest) -> bool) -> Vec<u8> {
        let mut out = Encoder::default();
        match &self.origin {
            Origin::Anonymous => out.number(0_u8),
            Origin::Delivery(delivery) => {
                out.number(1_u8);
                out.text(&delivery.source);
                out.number(delivery.sequence);
                out.number(delivery.oldest_event);
                out.number(delivery.arrived);
            }
            Origin::File(identity, position) => {
                out.number(2_u8);
                identity.encode(&mut out);
                position.encode(&mut out);
            }
            Origin::Forgotten(identity) => {
                out.number(3_u8);
                identity.encode(&mut out);
            }
        }
        self.counts.encode(&mut out, is_described);
        out.finish()
    }

    /// Reads a record.
    pub(super) fn decode(record: &[u8], find: &crate::registry::FindCard<'_>) -> Result<Self, DecodeError> {
        let mut from = Decoder::new(record);
        let origin = match from.number::<u8>()? {
            0 => Origin::Anonymous,
            1 => Origin::Delivery(OwnedDelivery {
                source: from.text()?.to_owned(),
                sequence: from.number()?,
                oldest_event: from.number()?,
                arrived: from.number()?,
            }),
            2 => Origin::File(FileIdentity::decode(&mut from)?, FilePosition::decode(&mut from)?),
            3 => Origin::Forgotten(FileIdentity::decode(&mut from)?),
            _ => return Err(from.error("a change of unknown origin")),
        };
        let counts = Registry::decode(&mut from, find)?;
        from.finish()?;
        Ok(Self { counts, origin })
    }
}
