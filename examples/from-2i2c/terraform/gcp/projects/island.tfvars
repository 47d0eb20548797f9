# Invented, in the format of 2i2c's files: the settings of Terraform, with one bucket.
prefix     = "island"
project_id = "example-island"
zone       = "us-east1-b"
region     = "us-east1"

user_buckets = {
  "persistent" : {
    "delete_after" : null
  }
}

hub_cloud_permissions = {
  "prod" : {
    bucket_admin_access : ["persistent"],
    hub_namespace : "prod"
  }
}

notebook_nodes = {
  "n2-highmem-8" : {
    min : 0,
    max : 20,
    machine_type : "n2-highmem-8"
  }
}
