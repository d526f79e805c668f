//! Writing an artefact, and naming it by its SHA-256.

use portent_event::Digest;
use sha2::{Digest as _, Sha256};

use crate::format::{
    CHECKSUM_AT, DIGEST_AT, FORMAT_VERSION, HEADER_BYTES, LENGTH_AT, MAGIC, SECTION_COUNT_AT,
    SECTION_ENTRY_BYTES, Section, VERSION_AT,
};
use crate::sections::checksum;
use crate::write::records::{TextWriter, count};
use crate::{ArtefactError, Model};

mod layout;
mod records;
mod spec;

pub use spec::{
    CategorySpec, ClassSpec, Column, EncodingSpec, EnsembleSpec, FeatureSpec, InterfaceSpec, LinearSpec,
    ModelSpec, NodeSpec, Parameters, ProfileSpec, TreeSpec,
};

/// Why a specification cannot be written.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum InvalidSpec {
    /// The artefact would not be readable.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// A self-check row cannot be scored.
    #[error("self-check row {0}: {1}")]
    SelfCheck(usize, crate::RowError),
    /// The nodes of a tree are not a tree.
    #[error("tree {tree}, node {node}: {rule}")]
    Tree {
        /// Index of the tree.
        tree: usize,
        /// Index of the node.
        node: usize,
        /// The rule that does not hold.
        rule: &'static str,
    },
}

impl ModelSpec {
    /// The artefact's bytes. The same specification gives the same bytes.
    ///
    /// # Errors
    /// [`InvalidSpec`] if what it describes breaks a rule that reading would check.
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
}

impl Model<'_> {
    /// Compares the SHA-256 of a file's content with the one its header states.
    ///
    /// # Errors
    /// [`ArtefactError::Digest`] where they differ.
    pub fn verify_digest(&self, file: &[u8]) -> Result<Digest, ArtefactError> {
        if digest(file) == self.digest() { Ok(self.digest()) } else { Err(ArtefactError::Digest) }
    }
}

fn assemble(sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0; HEADER_BYTES + sections.len() * SECTION_ENTRY_BYTES];
    for (index, (kind, bytes)) in sections.iter().enumerate() {
        file.resize(file.len().next_multiple_of(8), 0);
        let entry = [*kind as u32, count(file.len()), count(bytes.len()), 0];
        let at = HEADER_BYTES + index * SECTION_ENTRY_BYTES;
        for (slot, number) in file[at..at + SECTION_ENTRY_BYTES].chunks_exact_mut(4).zip(entry) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        file.extend(bytes);
    }
    let length = file.len() as u64;
    file[..MAGIC.len()].copy_from_slice(&MAGIC);
    file[VERSION_AT..VERSION_AT + 4].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    file[SECTION_COUNT_AT..SECTION_COUNT_AT + 4].copy_from_slice(&count(sections.len()).to_le_bytes());
    file[LENGTH_AT..LENGTH_AT + 8].copy_from_slice(&length.to_le_bytes());
    let digest = digest(&file);
    file[DIGEST_AT..DIGEST_AT + 32].copy_from_slice(&digest.0);
    let checksum = checksum(&file);
    file[CHECKSUM_AT..CHECKSUM_AT + 8].copy_from_slice(&checksum.to_le_bytes());
    file
}

fn digest(file: &[u8]) -> Digest {
    Digest(Sha256::digest(file.get(HEADER_BYTES..).unwrap_or_default()).into())
}
