//! What SIGHUP reads again: the certificate that https shows, and the authorities of client certificates.

use std::{path::PathBuf, sync::Arc};

use super::{
    settings::Settings,
    tls::{self, Certificates},
};
use crate::flow::Core;

/// Files that may be written anew while the server runs.
#[derive(Clone)]
pub struct Files {
    certificates: Option<Arc<Certificates>>,
    authorities: Option<PathBuf>,
    core: Arc<Core>,
}

impl Files {
    /// The files of the settings; `certificates` were read, the authorities are read now.
    ///
    /// # Errors
    /// The file of the authorities, if it will not do.
    pub fn open(
        settings: &Settings,
        certificates: Option<Arc<Certificates>>,
        core: &Arc<Core>,
    ) -> Result<Self, tls::Error> {
        let files = Self {
            certificates,
            authorities: settings.mtls.client_ca_file.clone(),
            core: Arc::clone(core),
        };
        if let Some(file) = &files.authorities {
            core.client_authorities.replace(tls::authorities(file)?);
        }
        Ok(files)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_none() && self.authorities.is_none()
    }

    /// Reads them again. New connections and requests get what they hold now; connections that are open go on.
    ///
    /// # Errors
    /// The first file that will not do; then everything stays as it was.
    pub fn read_again(&self) -> Result<(), tls::Error> {
        let authorities = self.authorities.as_deref().map(tls::authorities).transpose()?;
        if let Some(certificates) = &self.certificates {
            certificates.reload()?;
        }
        if let Some(authorities) = authorities {
            self.core.client_authorities.replace(authorities);
        }
        Ok(())
    }
}
