//! Writing an artefact. Readers never need this.

use crate::derive::Derivation;
use crate::format::{
    Algorithm, CHECKSUM_AT, ColumnKind, DIGEST_AT, FORMAT_VERSION, HEADER_BYTES, LENGTH_AT, MAGIC,
    SECTION_COUNT_AT, SECTION_ENTRY_BYTES, Section, VERSION_AT, flag, size,
};
use crate::model::Model;
use crate::sections::{checksum, digest};
use crate::spec::{
    Column, EnsembleSpec, InterfaceSpec, InvalidSpec, ModelSpec, NodeSpec, Parameters, TreeSpec,
};

/// The section of texts, being written.
#[derive(Default)]
struct TextWriter(String);

/// The sections of trees, being written.
#[derive(Default)]
struct Layout {
    nodes: Vec<u8>,
    roots: Vec<u8>,
    /// Empty if the splits have no expected values.
    means: Vec<u8>,
}

impl ModelSpec {
    /// The artefact's bytes. The same specification gives the same bytes.
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
            let score = (score * 1e13).round() / 1e13;
            row.iter().chain([&score]).for_each(|value| self_check.extend(value.to_le_bytes()));
        }
        let file = self.file(&self_check)?;
        Model::open(&file)?;
        Ok(file)
    }

    fn file(&self, self_check: &[u8]) -> Result<Vec<u8>, InvalidSpec> {
        let mut texts = TextWriter::default();
        let mut sections = vec![
            (Section::Model, self.model_record(&mut texts)),
            (Section::Features, self.feature_records(&mut texts)),
            (Section::Categories, self.category_records(&mut texts)),
            (Section::Encodings, self.encoding_records(&mut texts)),
            (Section::Mappings, self.mapping_records()),
            (Section::Classes, self.class_records(&mut texts)),
            (Section::Profile, self.profile_records()),
            (Section::ProfileValues, self.profile_values()),
            (Section::SelfCheck, self_check.to_vec()),
            (Section::Metadata, self.metadata.clone().into_bytes()),
            (Section::Derivations, self.derivation_records()),
            (Section::Interface, self.interface.record(&mut texts)),
        ];
        sections.extend(self.parameters.sections()?);
        sections.push((Section::Strings, texts.0.into_bytes()));
        sections.retain(|(_, bytes)| !bytes.is_empty());
        sections.sort_by_key(|(section, _)| *section as u32);
        Ok(assemble(&sections))
    }

    fn model_record(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut record = Vec::new();
        for text in [&self.name, &self.app, &self.version, &self.model_type, &self.description] {
            record.extend(texts.add(text));
        }
        record.extend((self.parameters.algorithm() as u32).to_le_bytes());
        record.extend(self.positive_class.to_le_bytes());
        record.extend(self.threshold.to_le_bytes());
        record.extend([0; 8]);
        record
    }

    fn feature_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let (mut records, mut first_category) = (Vec::new(), 0_u32);
        for feature in &self.features {
            for text in [&feature.name, &feature.unit, &feature.description] {
                records.extend(texts.add(text));
            }
            records.extend((feature.kind as u32).to_le_bytes());
            records.extend((feature.missing as u32).to_le_bytes());
            let (low, high) = feature.plausible;
            records.extend(values([feature.lower, feature.upper, low, high, feature.imputed].iter()));
            let categories = count(feature.categories.len());
            records.extend(first_category.to_le_bytes());
            records.extend(categories.to_le_bytes());
            first_category += categories;
        }
        records
    }

    fn category_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut records = Vec::new();
        for category in self.features.iter().flat_map(|feature| &feature.categories) {
            records.extend(category.value.to_le_bytes());
            records.extend(texts.add(&category.label));
        }
        records
    }

    fn encoding_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let (mut records, mut first) = (Vec::new(), 0_u32);
        for encoding in &self.encodings {
            let mappings = count(encoding.mappings.len());
            records.extend(texts.add(&encoding.name));
            records.extend(first.to_le_bytes());
            records.extend(mappings.to_le_bytes());
            first += mappings;
        }
        records
    }

    fn mapping_records(&self) -> Vec<u8> {
        let mut records = Vec::new();
        for (feature, from, to) in self.encodings.iter().flat_map(|encoding| &encoding.mappings) {
            records.extend(u64::from(*feature).to_le_bytes());
            records.extend(values([*from, to.unwrap_or(f64::NAN)].iter()));
        }
        records
    }

    fn class_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut records = Vec::new();
        for class in &self.classes {
            records.extend(texts.add(&class.name));
            records.extend(class.share.to_le_bytes());
        }
        records
    }

    fn profile_records(&self) -> Vec<u8> {
        let (mut records, mut start) = (Vec::new(), 0_u32);
        for profile in &self.profiles {
            records.extend(start.to_le_bytes());
            records.extend(count(profile.edges.len()).to_le_bytes());
            start += count(profile.edges.len() + profile.shares.len());
        }
        records
    }

    fn profile_values(&self) -> Vec<u8> {
        values(self.profiles.iter().flat_map(|profile| profile.edges.iter().chain(&profile.shares)))
    }

    fn derivation_records(&self) -> Vec<u8> {
        let fields = |derivation: &Derivation| {
            let Derivation { feature, kind, source, window } = *derivation;
            [count(feature), kind as u32, count(source), count(window)]
        };
        self.derivations.iter().flat_map(fields).flat_map(u32::to_le_bytes).collect()
    }
}

impl InterfaceSpec {
    /// Empty if it is what readers assume.
    fn record(&self, texts: &mut TextWriter) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        let Self { style, list, group, time, prediction, score } = self;
        let mut record = Vec::new();
        for text in [list, group, time, prediction, score] {
            record.extend(texts.add(text));
        }
        record.extend((*style as u32).to_le_bytes());
        record.extend([0; 4]);
        record
    }
}

impl Parameters {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Linear { .. } => Algorithm::LogisticRegression,
            Self::Trees(_) => Algorithm::TreeEnsemble,
            Self::Imported { .. } => Algorithm::Imported,
        }
    }

    fn sections(&self) -> Result<Vec<(Section, Vec<u8>)>, InvalidSpec> {
        match self {
            Self::Linear { columns, linear } => Ok(vec![
                (Section::Columns, columns.iter().flat_map(column_record).collect()),
                (Section::Linear, values([linear.intercept].iter().chain(&linear.weights))),
            ]),
            Self::Trees(ensemble) => {
                let Layout { nodes, roots, means } = Layout::of(&ensemble.trees)?;
                Ok(vec![
                    (Section::TreeNodes, nodes),
                    (Section::TreeRoots, roots),
                    (Section::Ensemble, ensemble.record()),
                    (Section::NodeMeans, means),
                ])
            }
            Self::Imported { explains } => {
                Ok(vec![(Section::Imported, u64::from(*explains).to_le_bytes().to_vec())])
            }
        }
    }
}

impl EnsembleSpec {
    fn record(&self) -> Vec<u8> {
        let Self { aggregate, link, test, inputs, sum, .. } = *self;
        let codes = [aggregate as u32, link as u32, test as u32, inputs as u32, sum as u32, 0];
        codes.into_iter().flat_map(u32::to_le_bytes).chain(self.base.to_le_bytes()).collect()
    }
}

impl Layout {
    /// Lays the trees out one after the other, each level by level.
    fn of(trees: &[TreeSpec]) -> Result<Self, InvalidSpec> {
        let mut layout = Self::default();
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
        for (number, tree) in trees.iter().enumerate() {
            let levels =
                tree.levels().map_err(|(node, rule)| InvalidSpec::Tree { tree: number, node, rule })?;
            layout.add(tree, &levels, explained);
        }
        Ok(layout)
    }

    fn add(&mut self, tree: &TreeSpec, levels: &[Vec<usize>], explained: bool) {
        let start = count(self.nodes.len() / size::NODE);
        self.roots.extend(start.to_le_bytes());
        self.roots.extend(count(levels.len() - 1).to_le_bytes());
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
            self.nodes.extend(value.to_le_bytes());
            self.nodes.extend(child.to_le_bytes());
            self.nodes.extend(feature.to_le_bytes());
            self.nodes.extend(flags.to_le_bytes());
            if explained {
                self.means.extend(mean.unwrap_or(value).to_le_bytes());
            }
        }
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

impl TextWriter {
    /// Adds a text once and returns its offset and length.
    fn add(&mut self, text: &str) -> [u8; 8] {
        let start = self.0.find(text).unwrap_or_else(|| {
            self.0.push_str(text);
            self.0.len() - text.len()
        });
        (u64::from(count(text.len())) << 32 | u64::from(count(start))).to_le_bytes()
    }
}

fn assemble(sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0; HEADER_BYTES + sections.len() * SECTION_ENTRY_BYTES];
    let put = |file: &mut [u8], at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    for (index, (kind, bytes)) in sections.iter().enumerate() {
        file.resize(file.len().next_multiple_of(8), 0);
        let entry = [*kind as u32, count(file.len()), count(bytes.len()), 0].map(u32::to_le_bytes);
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

fn column_record(column: &Column) -> Vec<u8> {
    let (feature, kind, a, b) = match *column {
        Column::Standardise { feature, mean, scale } => (feature, ColumnKind::Standardise, mean, scale),
        Column::Indicator { feature, value } => (feature, ColumnKind::Indicator, value, 0.0),
    };
    let mut record = feature.to_le_bytes().to_vec();
    record.extend((kind as u32).to_le_bytes());
    record.extend(values([a, b].iter()));
    record
}

fn values<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

/// A length as the file states it. A file of 4 GiB fails the reader's check of bounds.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
