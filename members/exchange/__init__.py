"""The register as files: statutory packs out, other programs' lists in. Pure."""
