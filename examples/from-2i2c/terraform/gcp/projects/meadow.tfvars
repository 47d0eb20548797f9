# Invented, in the format of 2i2c's files: the settings of Terraform, without buckets.
prefix     = "meadow"
project_id = "example-meadow"
zone       = "us-central1-b"
region     = "us-central1"

notebook_nodes = {
  "n2-highmem-4" : {
    min : 0,
    max : 20,
    machine_type : "n2-highmem-4"
  }
}
