# Made up, in the form of 2i2c's files: what Terraform makes in the cloud.
prefix     = "ocean"
project_id = "example-ocean"
zone       = "europe-west1-b"
region     = "europe-west1"

user_buckets = {
  "scratch" : {
    "delete_after" : 30
  },
  "persistent" : {
    "delete_after" : null
  }
}

hub_cloud_permissions = {
  "prod" : {
    bucket_admin_access : ["scratch", "persistent"],
    hub_namespace : "prod"
  }
}
