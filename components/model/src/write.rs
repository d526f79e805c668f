//! Writing an artefact. Readers never need this.

use std::collections::BTreeMap;

use crate::derive::Derivation;
use crate::format::{
    Algorithm, CHECKSUM_AT, ColumnKind, DIGEST_AT, FORMAT_VERSION, HEADER_BYTES, LENGTH_AT, MAGIC,
    SECTION_COUNT_AT, SECTION_ENTRY_BYTES, Section, VERSION_AT, flag,
};
use crate::interface::Interface;
use crate::model::Model;
use crate::sections::{checksum, digest};
use crate::spec::{Column, EnsembleSpec, InvalidSpec, ModelSpec, NodeSpec, Parameters, TreeSpec};

/// The sections of a file, being written.
struct SectionWriter {
    sections: BTreeMap<u32, Vec<u8>>,
    texts: String,
    /// The section that is being continued.
    section: Section,
}

impl ModelSpec {
    /// The bytes of the artefact. The same specification gives the same bytes.
    ///
    /// # Errors
    /// [`InvalidSpec`] if it breaks a rule that reading would check.
    pub fn to_bytes(&self) -> Result<Vec<u8>, InvalidSpec> {
        let without_scores = self.file(&[])?;
        let model = Model::open(&without_scores)?;
        if self.self_check.is_empty() {
            return Ok(without_scores);
        }
        let mut self_check = Vec::new();
        for (index, row) in self.self_check.iter().enumerate() {
            let score = model.score(row).map_err(|error| InvalidSpec::SelfCheck(index, error))?;
            // Rounded, so that the last digit of a platform's `exp` does not change the file.
            self_check.extend(row.iter().chain([&((score * 1e13).round() / 1e13)]));
        }
        let file = self.file(&self_check)?;
        Model::open(&file)?;
        Ok(file)
    }

    fn file(&self, self_check: &[f64]) -> Result<Vec<u8>, InvalidSpec> {
        let mut out =
            SectionWriter { sections: BTreeMap::new(), texts: String::new(), section: Section::Model };
        let algorithm = match &self.parameters {
            Parameters::Linear { .. } => Algorithm::LogisticRegression,
            Parameters::Trees(_) => Algorithm::TreeEnsemble,
            Parameters::Imported { .. } => Algorithm::Imported,
        };
        out.texts([&self.name, &self.app, &self.version, &self.model_type, &self.description])
            .u32s([algorithm as u32, self.positive_class])
            .f64s(&[self.threshold])
            .u32s([0, 0]);
        self.write_schema(&mut out);
        for &Derivation { feature, kind, source, window } in &self.derivations {
            let record = [count(feature), kind as u32, count(source), count(window)];
            out.section(Section::Derivations).u32s(record);
        }
        if self.interface != Interface::default() {
            let Interface { style, list, group, time, prediction, score } = self.interface;
            out.section(Section::Interface).texts([list, group, time, prediction, score]);
            out.u32s([style as u32, 0]);
        }
        let mut start = 0;
        for profile in &self.profiles {
            out.section(Section::Profile).u32s([start, count(profile.edges.len())]);
            out.section(Section::ProfileValues).f64s(&profile.edges).f64s(&profile.shares);
            start += count(profile.edges.len() + profile.shares.len());
        }
        match &self.parameters {
            Parameters::Linear { columns, linear } => {
                columns.iter().for_each(|column| out.column(column));
                out.section(Section::Linear).f64s(&[linear.intercept]).f64s(&linear.weights);
            }
            Parameters::Trees(ensemble) => out.ensemble(ensemble)?,
            Parameters::Imported { explains } => {
                out.section(Section::Imported).u32s([u32::from(*explains), 0]);
            }
        }
        out.section(Section::SelfCheck).f64s(self_check);
        out.section(Section::Metadata).bytes(self.metadata.as_bytes());
        Ok(out.finish())
    }

    fn write_schema(&self, out: &mut SectionWriter) {
        let mut first = 0;
        for feature in &self.features {
            let ((low, high), categories) = (feature.plausible, count(feature.categories.len()));
            out.section(Section::Features)
                .texts([&feature.name, &feature.unit, &feature.description])
                .u32s([feature.kind as u32, feature.missing as u32])
                .f64s(&[feature.lower, feature.upper, low, high, feature.imputed])
                .u32s([first, categories]);
            first += categories;
        }
        for category in self.features.iter().flat_map(|feature| &feature.categories) {
            out.section(Section::Categories).f64s(&[category.value]).texts([&category.label]);
        }
        let mut first = 0;
        for encoding in &self.encodings {
            let mappings = count(encoding.mappings.len());
            out.section(Section::Encodings).texts([&encoding.name]).u32s([first, mappings]);
            first += mappings;
            for &(feature, from, to) in &encoding.mappings {
                out.section(Section::Mappings).u32s([feature, 0]).f64s(&[from, to.unwrap_or(f64::NAN)]);
            }
        }
        for class in &self.classes {
            out.section(Section::Classes).texts([&class.name]).f64s(&[class.share]);
        }
    }
}

impl SectionWriter {
    /// What follows is appended to this section.
    fn section(&mut self, section: Section) -> &mut Self {
        self.section = section;
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.sections.entry(self.section as u32).or_default().extend(bytes);
        self
    }

    fn u32s<const N: usize>(&mut self, values: [u32; N]) -> &mut Self {
        self.bytes(values.map(u32::to_le_bytes).as_flattened())
    }

    fn f64s(&mut self, values: &[f64]) -> &mut Self {
        values.iter().for_each(|value| _ = self.bytes(&value.to_le_bytes()));
        self
    }

    /// Appends offset and length of each text. A text that is there already is not added again.
    fn texts<const N: usize>(&mut self, texts: [&str; N]) -> &mut Self {
        for text in texts {
            let start = self.texts.find(text).unwrap_or_else(|| {
                self.texts.push_str(text);
                self.texts.len() - text.len()
            });
            self.u32s([count(start), count(text.len())]);
        }
        self
    }

    fn column(&mut self, column: &Column) {
        let (feature, kind, a, b) = match *column {
            Column::Standardise { feature, mean, scale } => (feature, ColumnKind::Standardise, mean, scale),
            Column::Indicator { feature, value } => (feature, ColumnKind::Indicator, value, 0.0),
        };
        self.section(Section::Columns).u32s([feature, kind as u32]).f64s(&[a, b]);
    }

    /// Lays the trees out one after the other, each level by level.
    fn ensemble(&mut self, ensemble: &EnsembleSpec) -> Result<(), InvalidSpec> {
        let EnsembleSpec { aggregate, link, test, inputs, sum, base, ref trees } = *ensemble;
        let codes = [aggregate as u32, link as u32, test as u32, inputs as u32, sum as u32, 0];
        self.section(Section::Ensemble).u32s(codes).f64s(&[base]);
        let means = || {
            trees.iter().flat_map(|tree| &tree.nodes).filter_map(|node| match node {
                NodeSpec::Split { mean, .. } => Some(mean.is_some()),
                NodeSpec::Leaf { .. } => None,
            })
        };
        let explained = means().all(|has_mean| has_mean);
        if !explained && means().any(|has_mean| has_mean) {
            let rule = "some splits have a mean and some have not";
            return Err(InvalidSpec::Tree { tree: 0, node: 0, rule });
        }
        let mut start = 0_u32;
        for (number, tree) in trees.iter().enumerate() {
            let levels =
                tree.levels().map_err(|(node, rule)| InvalidSpec::Tree { tree: number, node, rule })?;
            self.section(Section::TreeRoots).u32s([start, count(levels.len() - 1)]);
            let mut free = start.saturating_add(1);
            for (index, node) in (start..).zip(levels.iter().flatten().map(|node| tree.nodes[*node])) {
                let (value, mean, child, feature, flags) = match node {
                    NodeSpec::Split { feature, threshold, missing_holds, mean, .. } => {
                        let flags = flag::SPLIT | if missing_holds { flag::MISSING_HOLDS } else { 0 };
                        let child = free;
                        free = free.saturating_add(2);
                        // A greater feature fails the reader's check.
                        (threshold, mean, child, u16::try_from(feature).unwrap_or(u16::MAX), flags)
                    }
                    NodeSpec::Leaf { value } => (value, None, index, 0, 0),
                };
                let feature_and_flags = u32::from(flags) << 16 | u32::from(feature);
                self.section(Section::TreeNodes).f64s(&[value]).u32s([child, feature_and_flags]);
                if explained {
                    self.section(Section::NodeMeans).f64s(&[mean.unwrap_or(value)]);
                }
            }
            start = start.saturating_add(count(tree.nodes.len()));
        }
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        let texts = std::mem::take(&mut self.texts);
        self.section(Section::Strings).bytes(texts.as_bytes());
        self.sections.retain(|_, bytes| !bytes.is_empty());
        let sections = self.sections;
        let mut file = vec![0; HEADER_BYTES + sections.len() * SECTION_ENTRY_BYTES];
        let put =
            |file: &mut [u8], at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
        for (index, (kind, bytes)) in sections.iter().enumerate() {
            file.resize(file.len().next_multiple_of(8), 0);
            let entry = [*kind, count(file.len()), count(bytes.len()), 0].map(u32::to_le_bytes);
            put(&mut file, HEADER_BYTES + index * SECTION_ENTRY_BYTES, entry.as_flattened());
            file.extend(bytes);
        }
        put(&mut file, 0, &MAGIC);
        put(&mut file, VERSION_AT, &FORMAT_VERSION.to_le_bytes());
        put(&mut file, SECTION_COUNT_AT, &count(sections.len()).to_le_bytes());
        let length = file.len() as u64;
        put(&mut file, LENGTH_AT, &length.to_le_bytes());
        let digest = digest(&file);
        put(&mut file, DIGEST_AT, &digest.0);
        let checksum = checksum(&file);
        put(&mut file, CHECKSUM_AT, &checksum.to_le_bytes());
        file
    }
}

impl TreeSpec {
    /// Indices of the nodes, level by level from the root.
    fn levels(&self) -> Result<Vec<Vec<usize>>, (usize, &'static str)> {
        let mut seen = vec![false; self.nodes.len()];
        let mut levels = vec![vec![0]];
        while let Some(level) = levels.last() {
            let mut children = Vec::new();
            for &node in level {
                match seen.get_mut(node) {
                    None => return Err((node, "the node does not exist")),
                    Some(true) => return Err((node, "the node has two parents, or is its own ancestor")),
                    Some(seen) => *seen = true,
                }
                if let NodeSpec::Split { holds, fails, .. } = self.nodes[node] {
                    children.extend([holds, fails].map(|child| usize::try_from(child).unwrap_or(usize::MAX)));
                }
            }
            if children.is_empty() {
                break;
            }
            levels.push(children);
        }
        match seen.iter().position(|seen| !seen) {
            Some(node) => Err((node, "the node has no parent")),
            None => Ok(levels),
        }
    }
}

/// A length as the file states it. A file of 4 GiB fails the reader's check of bounds.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
