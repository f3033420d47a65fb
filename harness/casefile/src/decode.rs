//! A [`Document`] into types, through serde: the types say which keys there
//! are, and every complaint is made where the fault stands.
//!
//! Unlike serde's own formats this does not stop at the first fault: what is
//! wrong goes to the [`Sink`], and the types ([`Field`](crate::raw::Field),
//! [`Items`](crate::raw::Items)) go on without the part. Which variant of an
//! enum stands here follows from the shape alone (`text`, `list` or `map`), so
//! there is no trying one after the other.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::diagnostic::{Code, Fault, Sink};
use crate::document::{Document, Kind, NodeId};

/// Name of the newtype that stands for a scalar and its place.
pub(crate) const TEXT: &str = "Text";

/// Name of the newtype that stands for a value and its place.
pub(crate) const PLACED: &str = "Placed";

/// A part could not be read, and the sink holds the reason.
#[derive(Debug)]
pub(crate) struct Reported;

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reported")
    }
}

impl std::error::Error for Reported {}

impl Error for Reported {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// A node to be read.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    pub(crate) document: &'a Document,
    pub(crate) node: NodeId,
    pub(crate) sink: &'a Sink,
}

impl<'a> At<'a> {
    fn child(self, node: NodeId) -> Self {
        Self { node, ..self }
    }

    fn kind(self) -> &'a Kind {
        self.document.kind(self.node)
    }

    fn complain(self, fault: Fault) {
        self.document.complain_at(self.node, fault, self.sink);
    }

    fn wrong_shape(self, wanted: &str) -> Reported {
        let kind = self.kind();
        if matches!(kind, Kind::Refused) {
            return Reported;
        }
        self.complain(match kind {
            Kind::Empty => Fault::new(Code::Empty, 0..0, "there is no value here")
                .help(format!("write {wanted}, or leave the key out")),
            Kind::Text(_) | Kind::Refused | Kind::List(_) | Kind::Map(_) => {
                let message = format!("{wanted} belongs here, not {}", kind.name());
                Fault::new(Code::Shape, 0..0, message)
            }
        });
        Reported
    }

    /// Complains of keys that stand twice, and of those that are none of
    /// `known` (if there is such a list); gives the entries that remain.
    fn entries(self, known: Option<&'static [&'static str]>) -> Result<Entries<'a>, Reported> {
        let Kind::Map(all) = self.kind() else {
            return Err(self.wrong_shape("a map"));
        };
        let mut entries: Vec<(NodeId, NodeId)> = Vec::with_capacity(all.len());
        for (key, value) in all {
            let name = self.document.text(*key);
            let at = self.child(*key);
            if !matches!(at.kind(), Kind::Text(_)) {
                at.wrong_shape("a key");
            } else if entries
                .iter()
                .any(|(key, _)| self.document.text(*key) == name)
            {
                let message = format!("`{name}` stands twice");
                at.complain(Fault::new(Code::DuplicateKey, 0..0, message).help("keep one of them"));
            } else if let Some(known) = known.filter(|known| !known.contains(&name) && name != "<<")
            {
                let message = format!("`{name}` is not a key here");
                let fault = Fault::new(Code::UnknownKey, 0..0, message);
                at.complain(fault.suggest(name, known.iter().copied()));
            } else if name != "<<" {
                entries.push((*key, *value));
            }
        }
        Ok(Entries {
            at: self,
            entries: entries.into_iter(),
            value: None,
            named: known.is_some(),
        })
    }
}

impl<'de> Deserializer<'de> for At<'_> {
    type Error = Reported;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Reported> {
        Err(self.wrong_shape("something else"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reported> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Reported> {
        match self.kind() {
            Kind::Text(_) if name == TEXT => visitor.visit_u32(self.node.0),
            _ if name == TEXT => Err(self.wrong_shape("text")),
            _ if name == PLACED => visitor.visit_seq(Placed { at: self, given: 0 }),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reported> {
        let Kind::List(items) = self.kind() else {
            return Err(self.wrong_shape("a list"));
        };
        visitor.visit_seq(List {
            at: self,
            items: items.iter(),
        })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Reported> {
        visitor.visit_map(self.entries(None)?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Reported> {
        visitor.visit_map(self.entries(Some(fields))?)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Reported> {
        let shape = match self.kind() {
            Kind::Text(_) => "text",
            Kind::List(_) => "list",
            Kind::Map(_) => "map",
            Kind::Empty | Kind::Refused => "",
        };
        if !variants.contains(&shape) {
            return Err(self.wrong_shape(&wanted(variants)));
        }
        visitor.visit_enum(Shape { at: self, shape })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// The shapes of an enum, as a complaint lists them.
fn wanted(variants: &[&str]) -> String {
    let shapes: Vec<&str> = variants
        .iter()
        .map(|shape| match *shape {
            "list" => "a list",
            "map" => "a map",
            shape => shape,
        })
        .collect();
    shapes.join(" or ")
}

struct List<'a> {
    at: At<'a>,
    items: std::slice::Iter<'a, NodeId>,
}

impl<'de> SeqAccess<'de> for List<'_> {
    type Error = Reported;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Reported> {
        let next = self.items.next();
        next.map(|node| seed.deserialize(self.at.child(*node)))
            .transpose()
    }
}

/// A node's place, then the node itself.
struct Placed<'a> {
    at: At<'a>,
    given: u8,
}

impl<'de> SeqAccess<'de> for Placed<'_> {
    type Error = Reported;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Reported> {
        self.given += 1;
        match self.given {
            1 => seed
                .deserialize(self.at.node.0.into_deserializer())
                .map(Some),
            2 => seed.deserialize(self.at).map(Some),
            _ => Ok(None),
        }
    }
}

struct Entries<'a> {
    at: At<'a>,
    entries: std::vec::IntoIter<(NodeId, NodeId)>,
    value: Option<NodeId>,
    /// Whether keys are names of fields, rather than texts of their own.
    named: bool,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Reported;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Reported> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(value);
        let key = if self.named {
            let name: StrDeserializer<'_, Reported> =
                self.at.document.text(key).into_deserializer();
            seed.deserialize(name)?
        } else {
            seed.deserialize(self.at.child(key))?
        };
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Reported> {
        let value = self.value.take().ok_or(Reported)?;
        seed.deserialize(self.at.child(value))
    }
}

/// An enum whose variant is the node's shape.
struct Shape<'a> {
    at: At<'a>,
    shape: &'static str,
}

impl<'de, 'a> EnumAccess<'de> for Shape<'a> {
    type Error = Reported;
    type Variant = At<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, At<'a>), Reported> {
        let shape: StrDeserializer<'_, Reported> = self.shape.into_deserializer();
        Ok((seed.deserialize(shape)?, self.at))
    }
}

impl<'de> VariantAccess<'de> for At<'_> {
    type Error = Reported;

    fn unit_variant(self) -> Result<(), Reported> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Reported> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Reported> {
        Err(Reported)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Reported> {
        self.deserialize_struct("", fields, visitor)
    }
}
