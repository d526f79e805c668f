//! Events in the one form that [`Event::encode`] writes: fixed order of keys, no blanks, no escapes.
//!
//! Whatever deviates is not refused here but left to [`crate::json`], which knows every form and every
//! error. So this reader only has to be right about what it accepts.

use std::borrow::Cow;

use crate::scanner::Scanner;
use crate::{ClassCounts, Digest, Durations, ErrorType, Event, Method, Pairs, Predictions, Route, is_name};

/// Reads an event, without checking its rules; `None` where the line has another form.
#[inline(always)]
pub(crate) fn read(line: &[u8]) -> Option<Event<'_>> {
    let mut scanner = Scanner::new(line)?;
    let event = scanner.event()?;
    scanner.is_at_end().then_some(event)
}

/// All of it is inlined, so that what is left of the line stays in registers.
impl<'a> Scanner<'a> {
    #[inline(always)]
    fn event(&mut self) -> Option<Event<'a>> {
        let event = Event {
            time: self.text(b"{\"portent\":1,\"time\":")?.into(),
            // The other reader names this rule before all others.
            app: self.text(b",\"app\":").filter(|app| is_name(app))?.into(),
            request_id: self.text(b",\"request_id\":")?.into(),
            method: Method::from_text(self.text(b",\"method\":")?)?,
            route: Route::from_text(self.text(b",\"route\":")?)?,
            status: self.number(b",\"status\":")?.try_into().ok()?,
            error: self.error()?,
            durations: self.durations()?,
            predictions: self.all_predictions()?,
            truncated: self.skip(b",\"truncated\":true"),
        };
        self.expect(b"}")?;
        Some(event)
    }

    #[inline(always)]
    fn error(&mut self) -> Option<Option<ErrorType>> {
        if !self.skip(b",\"error\":") {
            return Some(None);
        }
        ErrorType::from_text(self.text(b"")?).map(Some)
    }

    #[inline(always)]
    fn durations(&mut self) -> Option<Durations> {
        let durations = Durations {
            total: self.number(b",\"ns\":{\"total\":")?,
            parse: self.optional_number(b",\"parse\":")?,
            validate: self.optional_number(b",\"validate\":")?,
            score: self.optional_number(b",\"score\":")?,
            encode: self.optional_number(b",\"encode\":")?,
        };
        self.expect(b"}")?;
        Some(durations)
    }

    #[inline(always)]
    fn all_predictions(&mut self) -> Option<Vec<Predictions<'a>>> {
        if !self.skip(b",\"predictions\":") {
            return Some(Vec::new());
        }
        let mut all = Vec::with_capacity(1);
        let mut more = self.has_first()?;
        while more {
            all.push(self.predictions()?);
            more = self.has_next()?;
        }
        Some(all)
    }

    #[inline(always)]
    fn predictions(&mut self) -> Option<Predictions<'a>> {
        let predictions = Predictions {
            model: self.digest()?,
            version: Cow::Borrowed(self.text(b",\"version\":")?),
            rows: self.count(b",\"rows\":")?,
            classes: self.classes()?,
            score_sum_nano: self.number(b",\"score_sum_nano\":")?,
            score_bins: self.optional_pairs(b",\"score_bins\":")?,
            bins: self.bins()?,
            missing: self.optional_pairs(b",\"missing\":")?,
            out_of_range: self.optional_pairs(b",\"out_of_range\":")?,
        };
        self.expect(b"}")?;
        Some(predictions)
    }

    #[inline(always)]
    fn classes(&mut self) -> Option<Vec<ClassCounts>> {
        self.expect(b",\"classes\":")?;
        let mut classes = Vec::with_capacity(2);
        let mut more = self.has_first()?;
        while more {
            // Filled in its place: moving what was just written in pieces makes the processor wait.
            classes.push(ClassCounts::default());
            self.class(classes.last_mut()?)?;
            more = self.has_next()?;
        }
        Some(classes)
    }

    #[inline(always)]
    fn class(&mut self, class: &mut ClassCounts) -> Option<()> {
        class.count = self.count(b"{\"count\":")?;
        if self.skip(b",\"confidence\":") {
            let mut more = self.has_first()?;
            while more {
                class.confidence.push(self.count(b"")?);
                more = self.has_next()?;
            }
        }
        class.confidence_sum_nano = self.optional_number(b",\"confidence_sum_nano\":")?.unwrap_or_default();
        self.expect(b"}")
    }

    #[inline(always)]
    fn bins(&mut self) -> Option<Vec<Pairs>> {
        if !self.skip(b",\"bins\":") {
            return Some(Vec::new());
        }
        // Most models have fewer features than this: one allocation is enough.
        let mut bins = Vec::with_capacity(16);
        let mut more = self.has_first()?;
        while more {
            bins.push(Pairs::default());
            self.pairs(bins.last_mut()?)?;
            more = self.has_next()?;
        }
        Some(bins)
    }

    #[inline(always)]
    fn optional_pairs<const N: usize>(&mut self, key: &[u8; N]) -> Option<Pairs> {
        let mut pairs = Pairs::default();
        if self.skip(key) {
            self.pairs(&mut pairs)?;
        }
        Some(pairs)
    }

    #[inline(always)]
    fn pairs(&mut self, pairs: &mut Pairs) -> Option<()> {
        let mut more = self.has_first()?;
        while more {
            pairs.push(self.number(b"")?.try_into().ok()?, self.count(b",")?)?;
            more = self.has_next()?;
        }
        Some(())
    }

    #[inline(always)]
    fn digest(&mut self) -> Option<Digest> {
        self.expect(b"{\"model\":\"")?;
        let digest = Digest::from_digits(self.chunk()?).ok()?;
        self.expect(b"\"")?;
        Some(digest)
    }
}
