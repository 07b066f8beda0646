"""What may be kept of a person, who agreed to it, and how it is kept: modes, consent, audit, encryption."""
