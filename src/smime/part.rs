//! The parts of a message, as `inspect` describes them: a tree of entities, with the layers that some of them are.
use super::{layer, report::Layer};
use crate::mime::{header::Header, part::PartNumber};

/// Characters kept of a name that a header gives; files have no longer ones.
const NAME: usize = 255;

/// A part of a message: an entity, or a CMS object without a header.
#[derive(Debug)]
pub struct Part {
    /// where it is
    pub number: PartNumber,
    /// `multipart/mixed`; `None` for what has no header
    pub media_type: Option<String>,
    /// the name of the file that its header says it is
    pub name: Option<String>,
    /// name of its transfer encoding, as far as it is one
    pub encoding: Option<&'static str>,
    /// octets of its body, as they stand in what it is a part of
    pub size: u64,
    /// what protects it
    pub protection: Protection,
    /// what stands in it
    pub parts: Vec<Self>,
}

/// What protects a part.
#[derive(Debug)]
pub enum Protection {
    /// nothing of its own
    None,
    /// a layer of the message: its place among those of the report
    Layer(usize),
    /// a layer that counts for nothing but its part (RFC 9787 §4.5)
    Errant(Box<Layer>),
    /// a layer that cannot be read, and why
    Unreadable(String),
}

impl Part {
    /// Describes an entity by its header, or what has none.
    pub(super) fn new(number: &PartNumber, header: Option<&Header>, size: u64) -> Self {
        let cut = |text: String| text.chars().take(NAME).collect::<String>();
        let media_type = |header: &Header| match header.content_type() {
            Ok(Some(it)) => format!("{}/{}", it.kind, it.subtype),
            // RFC 2045 §5.2
            Ok(None) => "text/plain".to_owned(),
            Err(_) => "malformed Content-Type".to_owned(),
        };
        let encoding = |header: &Header| Some(header.transfer_encoding().ok()?.name());
        Self {
            number: number.clone(),
            media_type: header.map(media_type).map(cut),
            name: header.and_then(layer::file_name).map(cut),
            encoding: header.and_then(encoding),
            size,
            protection: Protection::None,
            parts: Vec::new(),
        }
    }

    /// Gives every part its layer, which so far has only its place among these.
    pub(super) fn adopt(&mut self, layers: &mut [Option<Layer>]) {
        if let Protection::Layer(place) = self.protection {
            let layer = layers.get_mut(place).and_then(Option::take);
            self.protection = match layer {
                Some(layer) => Protection::Errant(Box::new(layer)),
                None => Protection::None,
            };
        }
        for part in &mut self.parts {
            part.adopt(layers);
        }
    }
}
