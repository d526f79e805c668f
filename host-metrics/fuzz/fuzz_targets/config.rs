//! Any text is a configuration or is refused, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portent_exposition::Config;
use portent_exposition::alias::source_labels;

fuzz_target!(|text: &str| {
    let Ok(config) = Config::parse(text) else { return };
    for family in config.aliases.iter() {
        for member in &family.members {
            // As many values as the family has labels, so that only a condition can leave the series out.
            let values = source_labels(member.family);
            let mapped = member.map(&values);
            assert!(
                mapped
                    .map_or(!member.conditions.is_empty(), |mapped| mapped.len() == family.label_names.len())
            );
        }
    }
});
