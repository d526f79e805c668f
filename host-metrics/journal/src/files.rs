//! Reading a log, frame by frame: what is intact, where it ends, and whether that end is honest.
//!
//! A crash leaves at most one frame half written, the last. So bytes that are not a frame are a torn tail if
//! nothing stands behind them, and damage if a later frame does.

use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::disk::Source;
use super::format::{
    FORMAT_VERSION, FRAME_HEADER_BYTES, FRAME_MAGIC, FRAME_TRAILER_BYTES, FrameHeader, LOG_HEADER_BYTES,
    LogHeader, PAYLOAD_BYTES, u64_at,
};

/// Bytes searched at once for a later frame.
const SEARCH_BYTES: usize = 64 << 10;

/// A log being read.
pub(super) struct LogReader {
    source: Box<dyn Source>,
    length: u64,
    id: u64,
    /// Where the next frame begins, in bytes.
    offset: u64,
    /// Where what was written last begins: a frame, or the header.
    last_write: u64,
    /// Number of the next frame.
    sequence: u64,
    payload: Vec<u8>,
}

/// What the start of a log says.
pub(super) enum Opened {
    Log(LogReader),
    /// There is nothing but an incomplete header: the log was being created.
    TornCreation,
}

/// What stands at the place of the next frame.
pub(super) enum Next<'a> {
    /// The payload of a frame and its offset in the file.
    Frame(&'a [u8], u64),
    /// The file ends behind the last frame.
    End,
    /// An incomplete frame, and nothing of use behind it.
    Torn,
}

/// What an append to a log needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogEnd {
    /// The file's id.
    pub(super) id: u64,
    /// Number of the next frame.
    pub(super) sequence: u64,
    /// Where what was written last begins, in bytes.
    pub(super) last_write: u64,
    /// Length of what is intact, in bytes.
    pub(super) length: u64,
    /// Bytes behind that.
    pub(super) torn: u64,
}

/// Why a log cannot be read.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    Corrupt { offset: u64, reason: &'static str },
    Version(u32),
}

impl LogReader {
    /// Reads the header of the log of a generation.
    pub(super) fn open(mut source: Box<dyn Source>, generation: u64) -> Result<Opened, ReadError> {
        let length = source.seek(SeekFrom::End(0)).map_err(ReadError::Io)?;
        source.rewind().map_err(ReadError::Io)?;
        let header = read_array(&mut source)?.as_ref().and_then(LogHeader::decode);
        let corrupt = |reason| ReadError::Corrupt { offset: 0, reason };
        match header {
            None if length <= LOG_HEADER_BYTES as u64 => Ok(Opened::TornCreation),
            None => Err(corrupt("the header of the log is not intact")),
            Some(header) if header.version != FORMAT_VERSION => Err(ReadError::Version(header.version)),
            Some(header) if header.generation != generation => {
                Err(corrupt("the header names another generation than the file"))
            }
            Some(LogHeader { id, .. }) => {
                let (offset, payload) = (LOG_HEADER_BYTES as u64, Vec::new());
                Ok(Opened::Log(Self { source, length, id, offset, last_write: 0, sequence: 0, payload }))
            }
        }
    }

    /// Reads the next frame.
    pub(super) fn next(&mut self) -> Result<Next<'_>, ReadError> {
        let offset = self.offset;
        if offset == self.length {
            return Ok(Next::End);
        }
        let Some(header) = self.read_header()? else { return self.broken() };
        let corrupt = |reason| ReadError::Corrupt { offset, reason };
        if header.sequence != self.sequence {
            return Err(corrupt("frames are missing or repeated"));
        }
        let length = header.length as usize;
        if length > PAYLOAD_BYTES {
            return Err(corrupt("the frame is longer than any that is written"));
        }
        let whole = (FRAME_HEADER_BYTES + length + FRAME_TRAILER_BYTES) as u64;
        if self.length - offset < whole || !self.read_payload(header)? {
            return self.broken();
        }
        self.last_write = offset;
        self.offset += whole;
        self.sequence += 1;
        Ok(Next::Frame(&self.payload[..length], offset))
    }

    /// Where an append goes.
    pub(super) fn end(&self) -> LogEnd {
        let torn = self.length - self.offset;
        LogEnd {
            id: self.id,
            sequence: self.sequence,
            last_write: self.last_write,
            length: self.offset,
            torn,
        }
    }

    fn read_header(&mut self) -> Result<Option<FrameHeader>, ReadError> {
        let bytes = read_array(&mut self.source)?;
        Ok(bytes.and_then(|bytes| FrameHeader::decode(&bytes, self.id)))
    }

    /// Reads the payload and its checksum, and says whether they agree.
    fn read_payload(&mut self, header: FrameHeader) -> Result<bool, ReadError> {
        let length = header.length as usize;
        self.payload.resize(length + FRAME_TRAILER_BYTES, 0);
        self.source.read_exact(&mut self.payload).map_err(ReadError::Io)?;
        let (payload, checksum) = self.payload.split_at(length);
        Ok(u64_at(checksum, 0) == header.payload_checksum(self.id, payload))
    }

    /// Tells a torn tail from damage: behind a tail there is no frame.
    fn broken(&mut self) -> Result<Next<'_>, ReadError> {
        let reason = "the frame is not intact, but a later one is";
        if self.has_frame_behind()? {
            return Err(ReadError::Corrupt { offset: self.offset, reason });
        }
        Ok(Next::Torn)
    }

    /// Whether an intact header of this frame or a later one stands anywhere behind the start of this frame.
    fn has_frame_behind(&mut self) -> Result<bool, ReadError> {
        self.source.seek(SeekFrom::Start(self.offset + 1)).map_err(ReadError::Io)?;
        let mut window: Vec<u8> = Vec::with_capacity(SEARCH_BYTES + FRAME_HEADER_BYTES);
        loop {
            let part = (&mut self.source).take(SEARCH_BYTES as u64);
            if read_to_end(part, &mut window)? == 0 {
                return Ok(false);
            }
            let found = window.windows(FRAME_HEADER_BYTES).filter(|bytes| bytes.starts_with(&FRAME_MAGIC));
            let mut headers = found.filter_map(|bytes| FrameHeader::decode(bytes.first_chunk()?, self.id));
            if headers.any(|header| header.sequence >= self.sequence) {
                return Ok(true);
            }
            // A header may lie across two parts.
            window.drain(..window.len().saturating_sub(FRAME_HEADER_BYTES - 1));
        }
    }
}

/// The next bytes, or `None` if the file ends before.
fn read_array<const N: usize>(source: &mut Box<dyn Source>) -> Result<Option<[u8; N]>, ReadError> {
    let mut bytes = [0; N];
    match source.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(ReadError::Io(error)),
    }
}

fn read_to_end(mut part: impl io::Read, into: &mut Vec<u8>) -> Result<usize, ReadError> {
    part.read_to_end(into).map_err(ReadError::Io)
}
