//! How values of the vocabulary stand in frames.

/// A document id: a byte string of 16 bytes.
pub(super) mod id {
    use minicbor::bytes::ByteArray;
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};
    use verification::evidence::DocumentId;

    pub fn encode<C, W: Write>(
        id: &DocumentId,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.bytes(&id.0)?.ok()
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<DocumentId, minicbor::decode::Error> {
        d.decode::<ByteArray<16>>().map(|bytes| DocumentId(bytes.into()))
    }
}

/// Document ids: an array of at most as many as any frame may name. It is not read beyond that.
pub(super) mod ids {
    use minicbor::bytes::ByteArray;
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};
    use verification::evidence::DocumentId;

    use crate::wire::{AWAITING_MAX, RESEND_MAX};

    const MOST: usize = if AWAITING_MAX > RESEND_MAX {
        AWAITING_MAX
    } else {
        RESEND_MAX
    };

    pub fn encode<C, W: Write>(
        ids: &[DocumentId],
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(ids.len() as u64)?;
        for id in ids {
            e.bytes(&id.0)?;
        }
        Ok(())
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<DocumentId>, minicbor::decode::Error> {
        let at = d.position();
        let mut ids = Vec::new();
        for bytes in d.array_iter::<ByteArray<16>>()? {
            if ids.len() == MOST {
                return Err(minicbor::decode::Error::message("too many documents").at(at));
            }
            ids.push(DocumentId(bytes?.into()));
        }
        Ok(ids)
    }
}

/// Names of capabilities: an array of texts, each as long as any text may be. It is not read beyond its limits.
pub(super) mod names {
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};

    use crate::wire::{CAPABILITIES_MAX, TEXT_MAX_BYTES};

    pub fn encode<C, W: Write>(
        names: &[String],
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(names.len() as u64)?;
        for name in names {
            e.str(name)?;
        }
        Ok(())
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<Vec<String>, minicbor::decode::Error> {
        let at = d.position();
        let mut names = Vec::new();
        for name in d.array_iter::<&str>()? {
            let name = name?;
            if names.len() == CAPABILITIES_MAX || name.len() > TEXT_MAX_BYTES {
                return Err(minicbor::decode::Error::message("too many capabilities, or too long").at(at));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }
}

/// Where an audit log stands: an array of its name, the number of records and the hash.
pub(super) mod head {
    use minicbor::bytes::ByteArray;
    use minicbor::encode::Write;
    use minicbor::{Decode, Decoder, Encode, Encoder};
    use verification::audit::{AuditHead, LogId};

    #[derive(Encode, Decode)]
    struct Head {
        #[n(0)]
        log: ByteArray<16>,
        #[n(1)]
        number: u64,
        #[n(2)]
        hash: ByteArray<32>,
    }

    pub fn encode<C, W: Write>(
        head: &AuditHead,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let head = Head {
            log: head.log.0.into(),
            number: head.number,
            hash: head.hash.into(),
        };
        e.encode(head)?.ok()
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<AuditHead, minicbor::decode::Error> {
        d.decode().map(|head: Head| AuditHead {
            log: LogId(head.log.into()),
            number: head.number,
            hash: head.hash.into(),
        })
    }
}

/// A time: milliseconds since 1970 in UTC, as an integer.
pub(super) mod utc {
    use minicbor::encode::Write;
    use minicbor::{Decoder, Encoder};
    use verification::time::UtcMs;

    pub fn encode<C, W: Write>(
        at: &UtcMs,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.i64(at.0)?.ok()
    }

    pub fn decode<C>(d: &mut Decoder<'_>, _: &mut C) -> Result<UtcMs, minicbor::decode::Error> {
        d.i64().map(UtcMs)
    }
}
