//! Families about the aggregator itself.

use super::Snapshot;
use super::text::Text;
use crate::families;
use crate::registry::{Rejection, Way};

pub(super) fn write(snapshot: &Snapshot, text: &mut Text) {
    let intake = &snapshot.registry.intake;
    let mut series = text.family(&families::EVENTS_RECEIVED);
    for way in Way::ALL {
        series.integer(&[way.as_str()], intake.received(way));
    }
    text.family(&families::EVENTS_DUPLICATE).integer(&[], intake.duplicates);
    let mut series = text.family(&families::EVENTS_REJECTED);
    for reason in Rejection::ALL {
        series.integer(&[reason.as_str()], intake.rejected(reason));
    }
    let mut series = text.family(&families::EVENTS_DROPPED);
    for (name, app) in snapshot.registry.apps() {
        for (reason, count) in &app.drops {
            series.integer(&[name, reason.as_str()], *count);
        }
    }
    text.family(&families::EVENTS_TRUNCATED).integer(&[], intake.truncated);
    text.family(&families::LINES_IGNORED).integer(&[], intake.ignored);
    text.family(&families::UNKNOWN_MODEL).integer(&[], intake.unknown_models);
    text.family(&families::LAST_EVENT).nano(&[], u128::from(intake.newest_event));
    text.family(&families::TAIL_FILES).integer(&[], snapshot.tail_files);
    text.family(&families::BUILD_INFO).integer(&[env!("CARGO_PKG_VERSION")], 1);
    write_process(snapshot, text);
}

fn write_process(snapshot: &Snapshot, text: &mut Text) {
    let process = snapshot.process;
    if let Some(cpu) = process.cpu {
        text.family(&families::PROCESS_CPU).nano(&[], u128::from(cpu));
    }
    if let Some(resident) = process.resident {
        text.family(&families::PROCESS_MEMORY).integer(&[], resident);
    }
    if let Some(start) = process.start {
        text.family(&families::PROCESS_START).nano(&[], u128::from(start));
    }
    if let Some(open) = process.open_fds {
        text.family(&families::PROCESS_FDS).integer(&[], open);
    }
}
